"Answers to question 6, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, F841, RUF059
# What is not defined here comes from the notebook.

import json
import re
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


# %% The logits are not those of peft
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["r"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% The logits are not those of peft
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(
        {n: t for n, t in tensors.items() if not n.startswith("classifier")}, strict=False
    )
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad and not name.startswith("classifier"):
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% load_adapter raises ValueError: the model has no place
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, ["query", "value"], config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% The file has tensors for
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(
        model, [*layers, "layer.0.attention.self.value"], config["r"], config["lora_alpha"], dropout
    )
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    return model


# %% load_adapter raises
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, list(config["target_modules"]), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% Return the model
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return tensors


# %% lora_dropout of the configuration is not used
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"])
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% use_rslora=True is not understood, and you load the file
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% load_adapter raises ValueError: the adapter uses
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% bias='all' is not understood
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and key not in required:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% a_trick_of_next_year=3 is not understood
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    bad = {"use_rslora", "use_dora", "rank_pattern", "alpha_pattern"}
    for key, value in config.items():
        if value and (key in bad or required.get(key, value) != value):
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% The error does not name the setting
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError("not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% but the model is changed already
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}")
    return model


# %% and you load it: what stands in its place is random
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    return model


# %% and you drop it silently
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% Is a setting that is absent needed?
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    if "bias" not in config:
        raise ValueError("bias")
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% load_adapter raises KeyError
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"the adapter uses {key}={value!r}, which is not understood")
    tensors = {}
    layers = set()
    for name, tensor in load_file(Path(folder, "adapter_model.safetensors")).items():
        name = name.removeprefix("base_model.model.")
        for matrix in "AB":
            end = f".lora_{matrix}.weight"
            if name.endswith(end):
                layers.add(name.removesuffix(end))
                name = name.removesuffix(end) + f".{matrix}"
        tensors[name] = tensor
    dropout = config["lora_dropout"]
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    if unexpected:
        raise ValueError(f"the model has no place for {unexpected[0]}")
    for name in missing:
        if model.get_parameter(name).requires_grad:
            raise ValueError(f"the adapter lacks {name}")
    return model


# %% right: each tensor copied by hand, all names checked before
def load_adapter(model, folder):
    with open(Path(folder) / "adapter_config.json") as file:
        config = json.load(file)
    for key in config:
        if not config[key] or key in harmless:
            continue
        if key not in required or required[key] != config[key]:
            raise ValueError(f"do not know {key}")
    with safe_open(Path(folder) / "adapter_model.safetensors", "pt") as file:
        values = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    values = {name.replace("base_model.model.", "", 1): v for name, v in values.items()}
    layers = [name.split(".lora_A.weight")[0] for name in values if ".lora_A.weight" in name]
    modules = dict(model.named_modules())
    needed = {f"classifier.{name}" for name, _ in model.classifier.named_parameters()}
    for name in layers:
        if name not in modules:
            raise ValueError(f"no module {name}")
        needed |= {f"{name}.lora_A.weight", f"{name}.lora_B.weight"}
    for name in needed ^ set(values):
        raise ValueError(f"{name} is missing or has no place")
    inject(model, layers, config["r"], config["lora_alpha"], config.get("lora_dropout", 0.0))
    with torch.no_grad():
        for name in layers:
            model.get_submodule(name).A.copy_(values[f"{name}.lora_A.weight"])
            model.get_submodule(name).B.copy_(values[f"{name}.lora_B.weight"])
        for name, p in model.classifier.named_parameters():
            p.copy_(values[f"classifier.{name}"])
    return model


# %% right: a regular expression renames
def load_adapter(model, folder):
    folder = Path(folder)
    config = json.loads((folder / "adapter_config.json").read_bytes())
    strange = {k: v for k, v in config.items() if v and k not in harmless and required.get(k) != v}
    if strange:
        raise ValueError(f"these settings are not understood: {strange}")
    state = load_file(folder / "adapter_model.safetensors")
    pattern = r"base_model\.model\.(.+?)(?:\.lora_([AB])\.weight)?"
    ours = {}
    places = []
    for name, tensor in state.items():
        place, matrix = re.fullmatch(pattern, name).groups()
        ours[f"{place}.{matrix}" if matrix else place] = tensor
        if matrix and place not in places:
            places.append(place)
    inject(model, places, config["r"], config["lora_alpha"], config.get("lora_dropout") or 0)
    learn = {name for name, p in model.named_parameters() if p.requires_grad}
    if learn - set(ours):
        raise ValueError(f"missing: {learn - set(ours)}")
    if set(ours) - learn:
        raise ValueError(f"no place for: {set(ours) - learn}")
    model.load_state_dict(ours, strict=False)
    return model


# %% Do you take the layers from the tensors' names?
# unseen: relies on target_modules of the configuration
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"{key} = {value} is not supported")
    tensors = load_file(Path(folder, "adapter_model.safetensors"))
    tensors = {n.removeprefix("base_model.model."): t for n, t in tensors.items()}
    dropout = config.get("lora_dropout") or 0.0
    names = inject(model, config["target_modules"], config["r"], config["lora_alpha"], dropout)
    wanted = {f"classifier.{n}": t for n, t in model.classifier.state_dict().items()}
    for name in names:
        layer = model.get_submodule(name)
        wanted[f"{name}.lora_A.weight"] = layer.A
        wanted[f"{name}.lora_B.weight"] = layer.B
    if tensors.keys() != wanted.keys():
        raise ValueError(f"missing or unknown: {sorted(tensors.keys() ^ wanted.keys())}")
    with torch.no_grad():
        for name, place in wanted.items():
            place.copy_(tensors[name])
    return model


# %% lora_dropout of the configuration is not used
# unseen: the dropout of the configuration is not passed on
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if not value or key in harmless:
            continue
        if key not in required or required[key] != value:
            raise ValueError(f"setting {key} = {value!r} is not understood")
    tensors = load_file(Path(folder, "adapter_model.safetensors"))
    tensors = {n.removeprefix("base_model.model."): t for n, t in tensors.items()}
    ends = (".lora_A.weight", ".lora_B.weight")
    layers = sorted({n[: -len(ends[0])] for n in tensors if n.endswith(ends)})
    wanted = {name + end for name in layers for end in ends}
    wanted |= {f"classifier.{n}" for n in model.classifier.state_dict()}
    if missing := wanted - tensors.keys():
        raise ValueError(f"the file lacks {sorted(missing)}")
    places = dict(model.named_modules())
    unknown = tensors.keys() - wanted | {n for n in layers if n not in places}
    if unknown:
        raise ValueError(f"no place for {sorted(unknown)}")
    inject(model, layers, config["r"], config["lora_alpha"])
    new = {
        n.replace(".lora_A.weight", ".A").replace(".lora_B.weight", ".B"): t
        for n, t in tensors.items()
    }
    model.load_state_dict(new, strict=False)
    return model


# %% bias='all' is not understood
# unseen: the values of the settings in required are not compared
def load_adapter(model, folder):
    folder = Path(folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    understood = harmless | set(required)
    for key, value in config.items():
        if value and key not in understood:
            raise ValueError(f"cannot handle {key}={value}")
    file = load_file(folder / "adapter_model.safetensors")
    file = {name.removeprefix("base_model.model."): t for name, t in file.items()}
    layers = {
        n.rpartition(".lora_")[0] for n in file if n.endswith(("lora_A.weight", "lora_B.weight"))
    }
    for name in layers:
        if name not in dict(model.named_modules()):
            raise ValueError(f"no layer {name}")
    dropout = config.get("lora_dropout") or 0.0
    inject(model, sorted(layers), config["r"], config["lora_alpha"], dropout)
    places = {"classifier." + n: t for n, t in model.classifier.state_dict().items()}
    for name in layers:
        places[name + ".lora_A.weight"] = model.get_submodule(name).A.data
        places[name + ".lora_B.weight"] = model.get_submodule(name).B.data
    for name in file.keys() - places.keys():
        raise ValueError(f"no place for {name}")
    for name, place in places.items():
        if name not in file:
            raise ValueError(f"the file lacks {name}")
        place.copy_(file[name])
    return model


# %% but the model is changed already
# unseen: the settings are checked after the model was changed
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    tensors = load_file(Path(folder, "adapter_model.safetensors"))
    tensors = {n.removeprefix("base_model.model."): t for n, t in tensors.items()}
    ends = (".lora_A.weight", ".lora_B.weight")
    layers = sorted({n[: -len(ends[0])] for n in tensors if n.endswith(ends)})
    modules = dict(model.named_modules())
    for name in layers:
        if name not in modules:
            raise ValueError(f"the model has no layer {name}")
    settings = {key: value for key, value in config.items() if value}
    r, alpha = settings.pop("r"), settings.pop("lora_alpha")
    inject(model, layers, r, alpha, settings.pop("lora_dropout", 0.0))
    for key, value in settings.items():
        if key not in harmless and required.get(key) != value:
            raise ValueError(f"{key} = {value} changes the logits")
    places = {f"classifier.{n}": t for n, t in model.classifier.state_dict().items()}
    for name in layers:
        layer = model.get_submodule(name)
        places[name + ends[0]], places[name + ends[1]] = layer.A.data, layer.B.data
    if tensors.keys() - places.keys():
        raise ValueError(f"no place for {tensors.keys() - places.keys()}")
    if places.keys() - tensors.keys():
        raise ValueError(f"the file lacks {places.keys() - tensors.keys()}")
    for name, place in places.items():
        place.copy_(tensors[name])
    return model


# %% and you load it: what stands in its place is random
# unseen: a layer of which the file holds only B is passed over in silence
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"{key}: {value}")
    tensors = load_file(Path(folder, "adapter_model.safetensors"))
    tensors = {n.removeprefix("base_model.model."): t for n, t in tensors.items()}
    modules = dict(model.named_modules())
    layers = [n.removesuffix(".lora_A.weight") for n in tensors if n.endswith(".lora_A.weight")]
    head = model.classifier.state_dict()
    for name in head:
        if f"classifier.{name}" not in tensors:
            raise ValueError(f"the file lacks classifier.{name}")
    for name in layers:
        if f"{name}.lora_B.weight" not in tensors:
            raise ValueError(f"the file lacks {name}.lora_B.weight")
    for name in tensors:
        module = name.removesuffix(".lora_A.weight").removesuffix(".lora_B.weight")
        if name.removeprefix("classifier.") not in head and module not in modules:
            raise ValueError(f"the model has no place for {name}")
    inject(model, layers, config["r"], config["lora_alpha"], config.get("lora_dropout") or 0.0)
    with torch.no_grad():
        for name in layers:
            layer = model.get_submodule(name)
            layer.A.copy_(tensors[f"{name}.lora_A.weight"])
            layer.B.copy_(tensors[f"{name}.lora_B.weight"])
        for name, place in head.items():
            place.copy_(tensors[f"classifier.{name}"])
    return model


# %% copy the numbers into the parameter that is there
# unseen: A and B take the dtype of the file, which may be bfloat16
def load_adapter(model, folder):
    config = json.loads(Path(folder, "adapter_config.json").read_text())
    for key, value in config.items():
        if value and key not in harmless and required.get(key) != value:
            raise ValueError(f"{key} = {value} is not understood")
    tensors = load_file(Path(folder, "adapter_model.safetensors"))
    tensors = {n.removeprefix("base_model.model."): t for n, t in tensors.items()}
    ends = (".lora_A.weight", ".lora_B.weight")
    layers = sorted({n[: -len(ends[0])] for n in tensors if n.endswith(ends)})
    modules = dict(model.named_modules())
    for name in layers:
        if name not in modules:
            raise ValueError(f"the model has no layer {name}")
    head = {"classifier." + n for n in model.classifier.state_dict()}
    wanted = head | {name + end for name in layers for end in ends}
    if wanted != tensors.keys():
        raise ValueError(f"unknown or missing tensors: {sorted(wanted ^ tensors.keys())}")
    inject(model, layers, config["r"], config["lora_alpha"], config.get("lora_dropout") or 0.0)
    for name in layers:
        layer = model.get_submodule(name)
        layer.A = nn.Parameter(tensors[name + ends[0]])
        layer.B = nn.Parameter(tensors[name + ends[1]])
    model.classifier.load_state_dict({n.removeprefix("classifier."): tensors[n] for n in head})
    return model


# %% right: renames the tensors, checks all before any change, and loads with load_state_dict
def load_adapter(model, folder):
    settings = json.loads(Path(folder, "adapter_config.json").read_bytes())
    settings = {key: value for key, value in settings.items() if value}
    bad = {
        k: v for k, v in settings.items() if k not in harmless and (k, v) not in [*required.items()]
    }
    if bad:
        raise ValueError(f"not understood: {bad}")
    linears = {
        n for n, m in model.named_modules(remove_duplicate=False) if isinstance(m, nn.Linear)
    }
    linears = {n for n in linears if n.split(".")[0] != "classifier"}
    wanted, given, layers = set(model.classifier.state_dict(prefix="classifier.")), {}, set()
    with safe_open(Path(folder, "adapter_model.safetensors"), framework="pt") as file:
        for long in file.keys():  # noqa: SIM118
            name = long.removeprefix("base_model.model.")
            *path, kind, last = name.split(".")
            if kind in ("lora_A", "lora_B") and last == "weight" and ".".join(path) in linears:
                layers.add(".".join(path))
                name = ".".join([*path, kind[-1]])
            elif name not in wanted:
                raise ValueError(f"no place for {long}")
            given[name] = file.get_tensor(long)
    wanted.update(f"{layer}.{k}" for layer in layers for k in "AB")
    if len(given) < len(wanted):
        raise ValueError(f"missing: {wanted - set(given)}")
    inject(model, [*layers], settings["r"], settings["lora_alpha"], settings.get("lora_dropout", 0))
    model.load_state_dict(given, strict=False)
    return model
