"""llama.cpp through its C interface, as llama-cpp-python binds it.

The package and its libraries are found by what `pip install llama-cpp-python` put in place, or by
--llama-package (the folder that holds the `llama_cpp` package) and --llama-libraries (the folder of
libllama.so).
"""

import ctypes
import os
import sys


def add_arguments(parser):
    parser.add_argument("--llama-package", help="folder that holds the llama_cpp package")
    parser.add_argument("--llama-libraries", help="folder that holds libllama.so")


def load(arguments):
    if arguments.llama_libraries:
        os.environ["LLAMA_CPP_LIB_PATH"] = arguments.llama_libraries
    if arguments.llama_package:
        sys.path.insert(0, arguments.llama_package)
    import llama_cpp

    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, None)
    llama_cpp._quern_silent = silent  # the C side keeps only the address
    return llama_cpp


def check_shapes(llama, outline, path):
    """Has llama.cpp load a model without its weights, which wants each tensor it knows in its shape."""
    architecture = outline.metadata["general.architecture"][0]
    outline.metadata["tokenizer.ggml.model"] = ["no_vocab"]
    outline.metadata[f"{architecture}.vocab_size"] = [str(outline.tensors["token_embd.weight"][0])]
    outline.write(path)
    parameters = llama.llama_model_default_params()
    parameters.no_alloc = True
    parameters.load_mode = llama.LLAMA_LOAD_MODE_NONE
    model = llama.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise SystemExit(f"llama.cpp refuses the outline of {architecture}")
    llama.llama_model_free(model)


class Model:
    def __init__(self, llama, path):
        self.llama = llama
        self.model = llama.llama_model_load_from_file(
            os.fsencode(path), llama.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"llama.cpp cannot load {path}")
        self.vocabulary = llama.llama_model_get_vocab(self.model)
        self.vocabulary_count = llama.llama_vocab_n_tokens(self.vocabulary)

    def tokenize(self, text):
        data = text.encode()
        ids = (self.llama.llama_token * (len(data) + 16))()
        count = self.llama.llama_tokenize(
            self.vocabulary, data, len(data), ids, len(ids), True, True)
        return list(ids[:count])

    def context(self, length, threads, cache="f16"):
        """A context of `length` positions with a cache of that type; F32 computes exactly."""
        parameters = self.llama.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = length
        parameters.n_ubatch = min(length, 512)
        parameters.n_threads = parameters.n_threads_batch = threads
        # The numbers of ggml_type.
        kind = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 8, "bf16": 30}[cache]
        parameters.type_k = parameters.type_v = kind
        if cache == "f32":
            parameters.flash_attn_type = self.llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        elif cache != "f16":
            parameters.flash_attn_type = self.llama.LLAMA_FLASH_ATTN_TYPE_ENABLED
        return Context(self, parameters)

    def close(self):
        self.llama.llama_model_free(self.model)


class Context:
    def __init__(self, model, parameters):
        self.llama, self.model = model.llama, model
        self.context = self.llama.llama_init_from_model(model.model, parameters)
        if not self.context:
            raise SystemExit("llama.cpp cannot make a context")
        self.batch = self.llama.llama_batch_init(parameters.n_batch, 0, 1)

    def close(self):
        self.llama.llama_batch_free(self.batch)
        self.llama.llama_free(self.context)

    def clear(self):
        self.llama.llama_memory_clear(self.llama.llama_get_memory(self.context), True)

    def decode(self, ids, position, all_logits):
        batch = self.batch
        batch.n_tokens = len(ids)
        for index, token in enumerate(ids):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = all_logits or index == len(ids) - 1
        if self.llama.llama_decode(self.context, batch) != 0:
            raise SystemExit("llama.cpp cannot decode the batch")

    def logits(self, rows):
        """The logits of the last batch as a numpy array of `rows` rows, copied."""
        import numpy

        count = self.model.vocabulary_count
        pointer = self.llama.llama_get_logits(self.context)
        address = ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float))
        return numpy.ctypeslib.as_array(address, shape=(rows, count)).copy()
