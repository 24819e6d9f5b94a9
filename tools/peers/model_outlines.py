"""Models without their weights: what Fixtures/recipes/*.model say, as sparse GGUF files of zeros."""

import os
import re


def layer_numbers(text):
    """`0-2,7,8-47/4` as numbers."""
    numbers = []
    for part in text.split(","):
        first, last, step = re.fullmatch(r"(\d+)(?:-(\d+)(?:/(\d+))?)?", part).groups()
        numbers += range(int(first), int(last or first) + 1, int(step or 1))
    return numbers


class Outline:
    """Metadata, and names and shapes of tensors, outermost dimension first."""

    def __init__(self, path):
        self.metadata, self.tensors, prefixes = {}, {}, None
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                if words[0] == "tensors":
                    prefixes = [""]
                elif words[0] == "layers":
                    prefixes = [f"blk.{layer}." for layer in layer_numbers(words[1])]
                elif words[1] == "=":
                    self.metadata[words[0]] = words[2:]
                else:
                    for prefix in prefixes:
                        self.tensors[prefix + words[0]] = [int(word) for word in words[1:]]

    def write(self, path):
        """A GGUF of the outline, its matrices in BF16; it takes no room on the disk."""
        from gguf import GGUFWriter, GGMLQuantizationType as Type

        metadata = dict(self.metadata)
        writer = GGUFWriter(path, metadata.pop("general.architecture")[0])
        for key, words in metadata.items():
            add_value(writer, key, words)
        size = 0
        for name, shape in self.tensors.items():
            wide = name.endswith(".weight") and len(shape) > 1
            count = 1
            for extent in shape:
                count *= extent
            size += -(-count * (2 if wide else 4) // 32) * 32
            kind = Type.BF16 if wide else Type.F32
            writer.add_tensor_info(name, shape, None, count * (2 if wide else 4), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        header = os.path.getsize(path)
        os.truncate(path, -(-header // 32) * 32 + size)


def add_value(writer, key, words):
    """Words as the types that llama.cpp's converter gives them."""

    def value(word):
        if word in ("true", "false"):
            return word == "true"
        return int(word) if word.isdigit() else float(word)

    values = [value(word) for word in words]
    if len(values) > 1:
        writer.add_array(key, values)
    elif isinstance(values[0], float):
        writer.add_float32(key, values[0])
    else:
        writer.add_uint32(key, values[0])
