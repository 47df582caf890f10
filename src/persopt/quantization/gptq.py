"""GPTQ (Frantar et al., arXiv:2210.17323): rounding weights so that their errors cancel in the outputs.

Inputs are gone through one by one; the error of each is spread over the weights of the inputs still to come, as the
second moments of the inputs say that it hurts least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from persopt.quantization.schemes import Parameters, Quantized, Scheme, choose_parameters, dequantize, quantize

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("round_gptq",)

_BLOCK: Final = 128


def round_gptq(weight: Tensor, moments: Tensor, scheme: Scheme, damping: float = 0.01) -> Quantized:
    """Return integers of a weight that give less output error than rounding each to the nearest.

    Scales are those of the nearest rounding: a group's are chosen when it is reached, of the weights as they are then.
    Where the inputs are uncorrelated, the integers are the nearest ones.

    Args:
        weight: Outputs by inputs.
        moments: Sum over the calibration inputs of x x^T, inputs by inputs.
        scheme: A scale a channel or a group.
        damping: Share of the mean of the diagonal that is added to it.
    """
    import torch

    size = scheme.group_size if scheme.granularity == "group" else weight.shape[1]
    column = Scheme(bits=scheme.bits, symmetric=scheme.symmetric, granularity="channel")
    rest = weight.detach().double().clone()
    hessian = moments.double().clone()
    dead = hessian.diagonal() == 0
    hessian[dead, dead] = 1
    hessian.diagonal().add_(damping * hessian.diagonal().mean())
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(hessian)), upper=True)
    values, scales, zeros = [], [], []
    parameters: Parameters | None = None
    for begin in range(0, rest.shape[1], _BLOCK):
        end = min(begin + _BLOCK, rest.shape[1])
        errors = torch.zeros_like(rest[:, begin:end])
        for index in range(begin, end):
            if index % size == 0:
                group = rest[:, index : index + size].clone()
                if index + size > end:  # what earlier columns of this block owe to the part beyond it
                    group[:, end - index :] -= errors @ inverse[begin:end, end : index + size]
                parameters = choose_parameters(group, column)
                scales.append(parameters.scale)
                zeros.append(parameters.zero_point)
            assert parameters is not None
            integers = quantize(rest[:, index : index + 1], parameters, column)
            values.append(integers)
            back = dequantize(integers, parameters, column)[:, 0].double()
            error = (rest[:, index] - back) / inverse[index, index]
            rest[:, index:end] -= error[:, None] * inverse[index, index:end]
            errors[:, index - begin] = error
        rest[:, end:] -= errors @ inverse[begin:end, end:]
    if scheme.granularity == "group":
        return Quantized(torch.cat(values, dim=1), Parameters(torch.stack(scales, dim=1), torch.stack(zeros, dim=1)))
    return Quantized(torch.cat(values, dim=1), Parameters(scales[0], zeros[0]))
