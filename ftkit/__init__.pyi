# The public names of ftkit and where they live. Assignments and other packages may rely on these;
# everything else can change.
from .catalog import assets as assets, built as built, fetch as fetch
from .core import FtkitError as FtkitError, Run as Run, setup as setup
from .data import (
    group_split as group_split,
    load_encoder as load_encoder,
    load_speeches as load_speeches,
    load_text as load_text,
)
from .finetuning.finetune import (
    Classifier as Classifier,
    finetune as finetune,
    methods as methods,
)
from .finetuning.lora import (
    LoRA as LoRA,
    LoRALinear as LoRALinear,
    inject as inject,
    load_adapter as load_adapter,
    merge as merge,
    save_adapter as save_adapter,
    unmerge as unmerge,
)
from .foundations.attention import MultiHeadAttention as MultiHeadAttention, attention as attention
from .foundations.checkpoints import (
    from_pretrained as from_pretrained,
    from_transformers as from_transformers,
    save_pretrained as save_pretrained,
)
from .foundations.evaluation import (
    classification_report as classification_report,
    confidence_interval as confidence_interval,
    expected_calibration_error as expected_calibration_error,
    paired_test as paired_test,
)
from .foundations.losses import (
    binary_cross_entropy as binary_cross_entropy,
    chunked_cross_entropy as chunked_cross_entropy,
    cross_entropy as cross_entropy,
    entropy as entropy,
    focal_loss as focal_loss,
    info_nce as info_nce,
    kl_divergence as kl_divergence,
    log_softmax as log_softmax,
    perplexity as perplexity,
    softmax as softmax,
)
from .foundations.optimizers import AdamW as AdamW, Muon as Muon, schedule as schedule
from .foundations.text import (
    BPE as BPE,
    collate as collate,
    make_examples as make_examples,
    train_bpe as train_bpe,
)
from .foundations.training import (
    History as History,
    evaluate_loss as evaluate_loss,
    fit as fit,
    learning_rate_range_test as learning_rate_range_test,
    predict as predict,
)
from .foundations.transformer import (
    Config as Config,
    Decoder as Decoder,
    Encoder as Encoder,
    EncoderDecoder as EncoderDecoder,
    bert_config as bert_config,
    count_flops as count_flops,
    count_parameters as count_parameters,
    generate as generate,
    gpt_config as gpt_config,
    llama_config as llama_config,
)
from .pretraining.causal_lm import causal_loss as causal_loss
from .pretraining.counting import NGram as NGram, compress as compress, decompress as decompress
from .pretraining.generation import sampler as sampler
from .pretraining.masked_lm import MaskedLM as MaskedLM, masked_loss as masked_loss
from .tables import read_table as read_table

__version__: str
