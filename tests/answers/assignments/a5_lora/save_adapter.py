"Answers to question 5, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import json
import os
import re
from pathlib import Path

from peft import LoraConfig
from safetensors.torch import save_file
from torch import nn


# %% The head is not in the file
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% peft looks for names that begin with base_model.model.
def save_adapter(model, folder, head="classifier"):
    prefix = ""
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% The file lacks
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.A"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.B"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% The file lacks
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.default.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.default.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% The file holds base_model.model.bert
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.state_dict().items():
        if not name.endswith((".A", ".B")):
            tensors[f"{prefix}{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% has other numbers in the file than in the model
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = (
                (layer.alpha / layer.rank * layer.B).detach().contiguous()
            )
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% lora_alpha should be 6, and is 3.0
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha / last.rank,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% lora_dropout should be 0.25
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=0.0,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% The configuration says nothing of peft_type
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% By your target_modules peft adapts
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=sorted({name.split(".")[-1] for name in names}),
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% modules_to_save should name the head
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% make it first
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% make it first
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% is not in the folder; there are
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% After saving, the model has other numbers
def save_adapter(model, folder, head="classifier"):
    prefix = "base_model.model."
    model.requires_grad_(False)
    tensors = {}
    names = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            names.append(name)
            last = layer
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().contiguous()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, value in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = value.contiguous()
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=last.rank,
        lora_alpha=last.alpha,
        lora_dropout=last.dropout,
        target_modules=names,
        modules_to_save=[head],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% right: peft's own LoraConfig writes the configuration
def save_adapter(model, folder, head="classifier"):
    layers = {n: m for n, m in model.named_modules() if type(m) is LoRALayer}
    one = next(iter(layers.values()))
    Path(folder).mkdir(parents=True, exist_ok=True)
    LoraConfig(
        task_type="SEQ_CLS",
        r=one.rank,
        lora_alpha=one.alpha,
        lora_dropout=one.dropout,
        target_modules=list(layers),
        modules_to_save=[head],
    ).save_pretrained(str(folder))
    state = {}
    for n, m in layers.items():
        state[f"base_model.model.{n}.lora_A.weight"] = m.A.data.clone()
        state[f"base_model.model.{n}.lora_B.weight"] = m.B.data.clone()
    for n, p in model.state_dict().items():
        if n.startswith(head + "."):
            state["base_model.model." + n] = p.clone()
    save_file(state, str(Path(folder) / "adapter_model.safetensors"))


# %% right: from the state_dict by its names, target_modules as a regular expression
def save_adapter(model, folder, head="classifier"):
    os.makedirs(folder, exist_ok=True)
    out = {}
    adapted = set()
    for name, tensor in model.state_dict().items():
        owner, _, last = name.rpartition(".")
        if isinstance(model.get_submodule(owner), LoRALayer):
            adapted.add(owner)
            name = f"{owner}.lora_{last}.weight"
        elif not name.startswith(f"{head}."):
            continue
        out[f"base_model.model.{name}"] = tensor.clone()
    layer = model.get_submodule(min(adapted))
    settings = {
        "base_model_name_or_path": None,
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": layer.alpha,
        "lora_dropout": layer.dropout,
        "modules_to_save": [head],
        "peft_type": "LORA",
        "r": layer.A.shape[0],
        "target_modules": "|".join(re.escape(name) for name in sorted(adapted)),
        "task_type": "SEQ_CLS",
    }
    with open(os.path.join(folder, "adapter_config.json"), "w") as file:
        json.dump(settings, file)
    save_file(out, os.path.join(folder, "adapter_model.safetensors"))


# %% By your target_modules peft adapts
# unseen: target_modules holds only the last parts of the names, so peft adapts too many layers
def save_adapter(model, folder, head="classifier"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    prefix, tensors, targets = "base_model.model.", {}, set()
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer):
            tensors[f"{prefix}{name}.lora_A.weight"] = layer.A.detach().clone()
            tensors[f"{prefix}{name}.lora_B.weight"] = layer.B.detach().clone()
            targets.add(name.split(".")[-1])
            rank, alpha = layer.rank, layer.alpha
            drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
            p = drop[0] if drop else getattr(layer, "dropout", 0.0)
    for name, tensor in model.get_submodule(head).state_dict().items():
        tensors[f"{prefix}{head}.{name}"] = tensor.clone()
    config = dict(peft_type="LORA", task_type="SEQ_CLS", r=rank, lora_alpha=alpha)
    config.update(lora_dropout=p, target_modules=sorted(targets), modules_to_save=[head])
    (folder / "adapter_config.json").write_text(json.dumps(config))
    save_file(tensors, folder / "adapter_model.safetensors")


# %% make it first
# unseen: the parents of the folder are not made
def save_adapter(model, folder, head="classifier"):
    folder = Path(folder)
    if not folder.exists():
        folder.mkdir()
    layers = {n: m for n, m in model.named_modules() if isinstance(m, LoRALayer)}
    tensors = {}
    for name, layer in layers.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = layer.A.detach().contiguous()
        tensors[f"base_model.model.{name}.lora_B.weight"] = layer.B.detach().contiguous()
    for name, tensor in model.get_submodule(head).state_dict().items():
        tensors[f"base_model.model.{head}.{name}"] = tensor.contiguous()
    layer = next(iter(layers.values()))
    drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
    config = {
        "peft_type": "LORA",
        "task_type": "SEQ_CLS",
        "r": layer.rank,
        "lora_alpha": layer.alpha,
        "lora_dropout": drop[0] if drop else getattr(layer, "dropout", 0.0),
        "target_modules": list(layers),
        "modules_to_save": [head],
    }
    save_file(tensors, folder / "adapter_model.safetensors")
    with open(folder / "adapter_config.json", "w") as file:
        json.dump(config, file, indent=2)


# %% The model was frozen after training
# unseen: saves what requires a gradient, so a frozen model gives an empty file
def save_adapter(model, folder, head="classifier"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, p in model.named_parameters():
        if not p.requires_grad:
            continue
        for mine, theirs in ((".A", ".lora_A.weight"), (".B", ".lora_B.weight")):
            if name.endswith(mine):
                name = name.removesuffix(mine) + theirs
        tensors["base_model.model." + name] = p.detach().contiguous()
    layers = {n: m for n, m in model.named_modules() if isinstance(m, LoRALayer)}
    layer = next(iter(layers.values()))
    drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
    config = dict(
        peft_type="LORA",
        task_type="SEQ_CLS",
        r=layer.rank,
        lora_alpha=layer.alpha,
        lora_dropout=drop[0] if drop else getattr(layer, "dropout", 0.0),
        target_modules=sorted(layers),
        modules_to_save=[head],
    )
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))
    save_file(tensors, str(folder / "adapter_model.safetensors"))


# %% The head has a batch norm
# unseen: only the parameters of the head are saved, not its buffers (batch norm)
def save_adapter(model, folder, head="classifier"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    layers = {n: m for n, m in model.named_modules() if isinstance(m, LoRALayer)}
    tensors = {}
    for name, layer in layers.items():
        tensors[name + ".lora_A.weight"] = layer.A
        tensors[name + ".lora_B.weight"] = layer.B
    for name, parameter in model.get_submodule(head).named_parameters():
        tensors[f"{head}.{name}"] = parameter
    tensors = {f"base_model.model.{n}": t.detach().clone() for n, t in tensors.items()}
    save_file(tensors, Path(folder, "adapter_model.safetensors"))
    drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
    p = drop[0] if drop else getattr(layer, "dropout", 0.0)
    config = dict(peft_type="LORA", task_type="SEQ_CLS", r=layer.rank, lora_alpha=layer.alpha)
    config |= dict(lora_dropout=p, target_modules=list(layers), modules_to_save=[head])
    Path(folder, "adapter_config.json").write_text(json.dumps(config))


# %% write each tensor as it is
# unseen: A and B are rounded to the dtype of the base's weight
def save_adapter(model, folder, head="classifier"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    start, tensors, targets = "base_model.model.", {}, []
    for name, layer in model.named_modules():
        if not isinstance(layer, LoRALayer):
            continue
        like = layer.linear.weight
        tensors[f"{start}{name}.lora_A.weight"] = layer.A.detach().to(like).contiguous()
        tensors[f"{start}{name}.lora_B.weight"] = layer.B.detach().to(like).contiguous()
        targets.append(name)
        r, alpha = layer.rank, layer.alpha
        drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
        p = drop[0] if drop else getattr(layer, "dropout", 0.0)
    for key, value in model.get_submodule(head).state_dict().items():
        tensors[f"{start}{head}.{key}"] = value.detach().contiguous()
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"peft_type": "LORA", "task_type": "SEQ_CLS", "r": r, "lora_alpha": alpha}
    config |= {"lora_dropout": p, "target_modules": targets, "modules_to_save": [head]}
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% alpha is 2.5, and 2 stands in the file
# unseen: alpha is cut to a whole number
def save_adapter(model, folder, head="classifier"):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    layers = {n: m for n, m in model.named_modules() if isinstance(m, LoRALayer)}
    tensors = {}
    for name, layer in layers.items():
        for key in "AB":
            matrix = getattr(layer, key).detach().clone()
            tensors[f"base_model.model.{name}.lora_{key}.weight"] = matrix
    for key, value in model.state_dict().items():
        if key.startswith(head + "."):
            tensors[f"base_model.model.{key}"] = value.clone()
    save_file(tensors, folder / "adapter_model.safetensors")
    drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
    config = {
        "peft_type": "LORA",
        "task_type": "SEQ_CLS",
        "r": int(layer.rank),
        "lora_alpha": int(layer.alpha),
        "lora_dropout": float(drop[0] if drop else getattr(layer, "dropout", 0.0)),
        "target_modules": list(layers),
        "modules_to_save": [head],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


# %% right: peft writes its own configuration, and target_modules is a pattern
def save_adapter(model, folder, head="classifier"):
    loras = [(n, m) for n, m in model.named_modules() if isinstance(m, LoRALayer)]
    layer = loras[0][1]
    drop = [m.p for m in layer.modules() if isinstance(m, nn.Dropout)]
    LoraConfig(
        task_type="SEQ_CLS",
        r=layer.rank,
        lora_alpha=layer.alpha,
        lora_dropout=drop[0] if drop else getattr(layer, "dropout", 0.0),
        target_modules="|".join(re.escape(name) for name, _ in loras),
        modules_to_save=[head],
        inference_mode=True,
    ).save_pretrained(str(folder))
    tensors = {f"{n}.lora_{k}.weight": getattr(m, k) for n, m in loras for k in ("B", "A")}
    tensors |= model.get_submodule(head).state_dict(prefix=head + ".")
    tensors = {f"base_model.model.{n}": t.detach().cpu().clone() for n, t in tensors.items()}
    tensors = {n: t.contiguous() for n, t in tensors.items()}
    save_file(tensors, f"{folder}/adapter_model.safetensors", metadata={"by": "hand"})
