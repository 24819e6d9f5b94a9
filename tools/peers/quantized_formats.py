"""Quantized Hugging Face checkpoints in numpy: packs weights as each method does, and decodes them again.

Decoders follow the layouts' own documentation and code, in single precision: AutoGPTQ 0.7.1, AutoAWQ 0.2.9,
compressed-tensors 0.20, transformers 5 and the OCP microscaling specification.
"""

import numpy as np
import torch

AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]
FP4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def words(codes, bits, order=None):
    """Packs codes of the last axis into words of 32 bits, the first lowest; rows are filled up with zeros."""
    count = 32 // bits
    codes = np.pad(codes, [(0, 0)] * (codes.ndim - 1) + [(0, -codes.shape[-1] % count)]).astype(np.uint32)
    codes = codes.reshape(*codes.shape[:-1], -1, count)
    if order:
        codes = codes[..., order]
    shifts = np.arange(count, dtype=np.uint32) * np.uint32(bits)
    return torch.from_numpy((codes << shifts).sum(-1).astype(np.uint32).view(np.int32))


def codes_of(packed, bits, order=None):
    """The reverse of words()."""
    shifts = np.arange(32 // bits, dtype=np.uint32) * np.uint32(bits)
    codes = packed.numpy().view(np.uint32)[..., None] >> shifts & np.uint32((1 << bits) - 1)
    if order:
        codes = codes[..., np.argsort(order)]
    return codes.reshape(*packed.shape[:-1], -1).astype(np.int32)


def affine(weight, groups, bits, symmetric, scale_type=torch.float16):
    """Codes, scales and zero points of a matrix whose column c is in groups[c]."""
    rows, columns = weight.shape
    count = groups.max() + 1
    top = (1 << bits) - 1
    scales, zeros = np.zeros((rows, count), np.float32), np.zeros((rows, count), np.int32)
    for group in range(count):
        part = weight[:, groups == group]
        if symmetric:
            scales[:, group] = np.abs(part).max(1) / (top // 2)
            zeros[:, group] = (top + 1) // 2
        else:
            low, high = np.minimum(part.min(1), 0), np.maximum(part.max(1), 0)
            scales[:, group] = (high - low) / top
            zeros[:, group] = np.clip(np.round(-low / scales[:, group]), 1, top)
    scales = torch.from_numpy(scales).to(scale_type)
    wide = scales.float().numpy()
    codes = np.clip(np.round(weight / wide[:, groups]) + zeros[:, groups], 0, top).astype(np.int32)
    return codes, scales, zeros


def column_groups(columns, size, shuffled=None):
    groups = np.arange(columns) // (columns if size < 0 else size)
    return groups if shuffled is None else groups[shuffled.permutation(columns)]


# GPTQ

def gptq_pack(weight, bits=4, group_size=32, symmetric=True, offset=1, shuffled=None):
    groups = column_groups(weight.shape[1], group_size, shuffled)
    codes, scales, zeros = affine(weight, groups, bits, symmetric)
    return {
        ".qweight": words(codes, bits).T.contiguous(), ".qzeros": words((zeros - offset).T, bits),
        ".scales": scales.T.contiguous(), ".g_idx": torch.from_numpy(groups.astype(np.int32))}


def gptq_decode(parts, bits=4, offset=1, **_):
    codes = codes_of(parts[".qweight"].T.contiguous(), bits)
    scales = parts[".scales"].float().numpy()
    zeros = codes_of(parts[".qzeros"], bits)[:, :scales.shape[1]] + offset
    groups = parts[".g_idx"].numpy()
    return ((codes.T - zeros[groups]).astype(np.float32) * scales[groups]).T


# AWQ

def awq_pack(weight, group_size=32):
    codes, scales, zeros = affine(weight, column_groups(weight.shape[1], group_size), 4, False)
    return {
        ".qweight": words(codes.T, 4, AWQ_ORDER), ".qzeros": words(zeros.T, 4, AWQ_ORDER),
        ".scales": scales.T.contiguous()}


def awq_decode(parts, group_size=32):
    codes, zeros = (codes_of(parts[name], 4, AWQ_ORDER) for name in (".qweight", ".qzeros"))
    scales = parts[".scales"].float().numpy()
    groups = column_groups(codes.shape[0], group_size)
    return ((codes - zeros[groups]).astype(np.float32) * scales[groups]).T


# compressed-tensors, pack-quantized

def packed_pack(weight, bits=4, group_size=32, symmetric=True, shuffled=None):
    groups = column_groups(weight.shape[1], group_size, shuffled)
    codes, scales, zeros = affine(weight, groups, bits, symmetric, torch.bfloat16)
    parts = {
        ".weight_packed": words(codes, bits), ".weight_scale": scales,
        ".weight_shape": torch.tensor(weight.shape)}
    if not symmetric:
        parts[".weight_zero_point"] = words(zeros.T, bits).T.contiguous()
    if shuffled is not None:
        parts[".weight_g_idx"] = torch.from_numpy(groups.astype(np.int32))
    return parts


def packed_decode(parts, bits=4, group_size=32, **_):
    rows, columns = parts[".weight_shape"].tolist()
    codes = codes_of(parts[".weight_packed"], bits)[:, :columns]
    groups = column_groups(columns, group_size)
    if ".weight_g_idx" in parts:
        groups = parts[".weight_g_idx"].numpy()
    zeros = np.full((rows, groups.max() + 1), 1 << (bits - 1))
    if ".weight_zero_point" in parts:
        zeros = codes_of(parts[".weight_zero_point"].T.contiguous(), bits)[:, :rows].T
    scales = parts[".weight_scale"].float().numpy()
    return (codes - zeros[:, groups]).astype(np.float32) * scales[:, groups]


# One byte an element, scaled

def scaled_pack(weight, scale=".weight_scale", kind=torch.float8_e4m3fn, block=None, scale_type=torch.float32,
                whole=False, symmetric=True):
    """With block, a scale for each rectangle; with whole, one; or else one for each row."""
    rows, columns = weight.shape
    height, width = block or ((rows, columns) if whole else (1, columns))
    down, across = -(-rows // height), -(-columns // width)
    largest = np.zeros((down, across), np.float32)
    for y in range(down):
        for x in range(across):
            largest[y, x] = np.abs(weight[y * height:(y + 1) * height, x * width:(x + 1) * width]).max()
    top = 127 if kind == torch.int8 else torch.finfo(kind).max
    scales = torch.from_numpy(largest / np.float32(top)).to(scale_type)
    spread = scales.float().numpy().repeat(height, 0).repeat(width, 1)[:rows, :columns]
    scaled = torch.from_numpy(weight / spread)
    parts = {"": scaled.to(kind) if kind != torch.int8 else scaled.round().clamp(-128, 127).to(kind)}
    if not symmetric:
        zeros = torch.from_numpy(np.arange(down * across).reshape(down, across) % 7 - 3).to(torch.int8)
        shifted = scaled.numpy().round() + zeros.numpy().repeat(height, 0).repeat(width, 1)[:rows, :columns]
        parts = {"": torch.from_numpy(shifted).clamp(-128, 127).to(torch.int8), ".weight_zero_point": zeros}
    parts[scale] = scales.reshape(1) if whole else scales
    return parts


def scaled_decode(parts, scale=".weight_scale", block=None, **_):
    codes = parts[""].float().numpy()
    rows, columns = codes.shape

    def spread(values):
        values = values.float().numpy()
        if values.size == 1:
            return values.reshape(1, 1)
        height, width = block or (1, columns)
        return values.repeat(height, 0).repeat(width, 1)[:rows, :columns]
    if ".weight_zero_point" in parts:
        codes = codes - spread(parts[".weight_zero_point"])
    return codes * spread(parts[scale])


# MXFP4

def mxfp4_pack(weight, flat=False):
    rows, columns = weight.shape
    blocks = weight.reshape(rows, -1, 32)
    largest = np.abs(blocks).max(-1)
    exponents = np.clip(np.floor(np.log2(np.maximum(largest, 1e-38))) - 2 + 127, 0, 254).astype(np.uint8)
    scaled = blocks / np.exp2(exponents.astype(np.float32) - 127)[..., None]
    codes = np.abs(scaled[..., None] - FP4).argmin(-1).astype(np.uint8)
    pairs = torch.from_numpy(codes[..., 0::2] | codes[..., 1::2] << 4)
    if flat:
        return {".weight_packed": pairs.reshape(rows, -1), ".weight_scale": torch.from_numpy(exponents)}
    return {".weight_blocks": pairs, ".weight_scales": torch.from_numpy(exponents)}


def mxfp4_decode(parts, **_):
    codes, exponents = parts.values()
    rows, blocks = exponents.shape
    pairs = codes.numpy().reshape(rows, blocks, 16)
    values = FP4[np.stack([pairs & 15, pairs >> 4], -1).reshape(rows, blocks, 32)]
    return np.ldexp(values, exponents.numpy().astype(np.int32)[..., None] - 127).reshape(rows, -1)
