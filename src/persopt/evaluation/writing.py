"""Texts written by a runner, with Transformers' own generation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.evaluation.decoder_inputs import empty_writer

if TYPE_CHECKING:
    from persopt.plugins.contracts.quantization import Runner

__all__ = ("make_writer",)


def make_writer(folder: Path | str, runner: Runner) -> Any:
    """Return an encoder-decoder of Transformers whose forward pass is the runner's.

    So `generate` does all that it does for the model itself: beams, forced tokens, what its generation_config.json
    says. There is no cache: for each token the whole pass runs again, which gives the same texts, only later.

    Args:
        folder: Holds the configuration.
        runner: Runs the whole pass: `input_ids`, `attention_mask`, `decoder_input_ids` to `logits`.
    """
    import torch
    from transformers import GenerationConfig
    from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput

    class Sources(torch.nn.Module):
        """In the place of the encoder: hands on the tokens, which beams then multiply as they do hidden states."""

        def forward(self, input_ids: Any = None, **_: Any) -> Any:
            return BaseModelOutput(last_hidden_state=input_ids.double().unsqueeze(-1))

    model_class: Any = type(empty_writer(folder))

    class RunnerWriter(model_class):  # type: ignore[misc]  # a class known only here
        main_input_name = "input_ids"

        def get_encoder(self, *_: Any, **__: Any) -> Any:
            return Sources()

        @property
        def device(self) -> Any:
            return torch.device("cpu")

        def forward(
            self,
            attention_mask: Any = None,
            decoder_input_ids: Any = None,
            encoder_outputs: Any = None,
            **_: Any,
        ) -> Any:
            sources = encoder_outputs[0].squeeze(-1).long()
            mask = torch.ones_like(sources) if attention_mask is None else attention_mask
            inputs = {"input_ids": sources, "attention_mask": mask, "decoder_input_ids": decoder_input_ids}
            found = runner.run({name: value.contiguous().numpy() for name, value in inputs.items()})
            return Seq2SeqLMOutput(logits=torch.from_numpy(found["logits"]))

    with torch.device("meta"):
        writer = RunnerWriter(empty_writer(folder).config)
    if (Path(folder) / "generation_config.json").is_file():
        writer.generation_config = GenerationConfig.from_pretrained(str(folder), local_files_only=True)
    writer.generation_config.use_cache = False
    return writer.eval()
