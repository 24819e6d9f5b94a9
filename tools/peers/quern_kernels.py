"""CKernels for Python: builds Sources/CKernels into a shared library and calls its tables.

Needs clang (Swift toolchains have it; or name one in CC) and numpy. Used by the scripts beside it.
The reference is libgguf; where libgguf lacks a type (Q2_0), it is the shared library of llama.cpp that
the environment variable GGML_BASE names (libggml-base.so).
"""

import ctypes
import mmap
import os
import pathlib
import subprocess
import tempfile

import numpy

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "CKernels"
LEVELS = {"generic": 0, "avx2": 1, "avx512": 2, "neon": 3}
TYPE_COUNT = 43

# ggml's wire id, elements and bytes of one block.
TYPES = {
    "F32": (0, 1, 4), "F16": (1, 1, 2), "BF16": (30, 1, 2),
    "Q4_0": (2, 32, 18), "Q4_1": (3, 32, 20), "Q5_0": (6, 32, 22), "Q5_1": (7, 32, 24),
    "Q8_0": (8, 32, 34), "Q2_K": (10, 256, 84), "Q3_K": (11, 256, 110), "Q4_K": (12, 256, 144),
    "Q5_K": (13, 256, 176), "Q6_K": (14, 256, 210), "IQ4_NL": (20, 32, 18), "IQ4_XS": (23, 256, 136),
    "TQ1_0": (34, 256, 54), "TQ2_0": (35, 256, 66), "MXFP4": (39, 32, 17), "NVFP4": (40, 64, 36),
    "Q1_0": (41, 128, 18), "Q2_0": (42, 64, 18),
    "IQ3_XXS": (18, 256, 98), "IQ3_S": (21, 256, 110), "IQ2_XXS": (16, 256, 66),
    "IQ2_XS": (17, 256, 74), "IQ2_S": (22, 256, 82), "IQ1_S": (19, 256, 50), "IQ1_M": (29, 256, 56),
}


class Table(ctypes.Structure):
    """The start of quern_kernel_table."""

    _fields_ = [
        ("level", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("decode", ctypes.c_void_p * TYPE_COUNT),
        ("encode", ctypes.c_void_p * TYPE_COUNT),
    ]


DECODE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
ENCODE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)


# Types that the reference encodes without importance, whatever it is given.
PLAIN = {"F32", "F16", "BF16", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4", "NVFP4", "Q1_0", "Q2_0"}
# Types that it does not encode without.
DEMANDING = {"IQ2_XXS", "IQ2_XS", "IQ1_S"}
# Types whose reference encoders assert that sums do not overflow. libgguf goes on, reading what is not
# there; llama.cpp's library ends the process.
FRAGILE = {"IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S"}


class Reference:
    """The reference's encoders and decoders."""

    def __init__(self):
        import libgguf

        self.libgguf, self.base = libgguf, None
        if os.environ.get("GGML_BASE"):
            self.base = ctypes.CDLL(os.environ["GGML_BASE"])
            self.base.quantize_q2_0.restype = ctypes.c_size_t

    def has(self, type_name):
        return type_name != "Q2_0" or self.base is not None

    def encode_into(self, type_name, rows, blocks, importance):
        if type_name == "Q2_0":
            self.base.quantize_q2_0(
                ctypes.c_void_p(rows.ctypes.data), ctypes.c_void_p(blocks.ctypes.data),
                ctypes.c_int64(rows.shape[0]), ctypes.c_int64(rows.shape[1]), None)
        else:
            self.libgguf.quantize_rows_into_raw(
                TYPES[type_name][0], rows, blocks, *rows.shape, importance)

    def encode(self, type_name, rows, importance=None):
        _, elements, size = TYPES[type_name]
        blocks = numpy.empty(rows.size // elements * size, numpy.uint8)
        self.encode_into(type_name, rows, blocks, importance)
        return blocks

    def survivors(self, type_name, rows, importance):
        """Which rows the reference defines: llama.cpp's library does not end the process, and libgguf does
        not say that it found nothing. Each is tried in a child."""
        wire_id, elements, size = TYPES[type_name]
        blocks = numpy.empty(rows.shape[1] // elements * size, numpy.uint8)
        self.base.ggml_quantize_init(wire_id)  # slow; here once, not in each child
        done = mmap.mmap(-1, len(rows))
        row = 0
        while row < len(rows):
            child = os.fork()
            if child == 0:
                os.environ["GGML_NO_BACKTRACE"] = "1"
                said = tempfile.TemporaryFile()
                os.dup2(said.fileno(), 1)
                os.dup2(1, 2)
                for row in range(row, len(rows)):
                    self.base.ggml_quantize_chunk(
                        wire_id, ctypes.c_void_p(pointer(rows[row])), ctypes.c_void_p(pointer(blocks)),
                        ctypes.c_int64(0), ctypes.c_int64(1), ctypes.c_int64(rows.shape[1]),
                        ctypes.c_void_p(pointer(importance)))
                    before = os.lseek(1, 0, os.SEEK_CUR)
                    self.encode(type_name, rows[row : row + 1], importance)
                    ctypes.CDLL(None).fflush(None)
                    done[row] = 2 if os.lseek(1, 0, os.SEEK_CUR) == before else 1
                os._exit(0)
            os.waitpid(child, 0)
            while row < len(rows) and done[row]:
                row += 1
            row += 1  # the one it died of
        return numpy.frombuffer(done[:], numpy.uint8) == 2

    def decode_into(self, type_name, blocks, output, shape):
        if type_name == "Q2_0":
            self.base.dequantize_row_q2_0(
                ctypes.c_void_p(blocks.ctypes.data), ctypes.c_void_p(output.ctypes.data),
                ctypes.c_int64(output.size))
        else:
            self.libgguf.dequantize_rows_into_raw(TYPES[type_name][0], blocks, output, *shape)


def pointer(array):
    return None if array is None else array.ctypes.data


class Level:
    def __init__(self, name, table):
        self.name, self.table = name, table

    def encode(self, type_name, rows, importance=None):
        """The bytes of a 2-D float32 array; None where this level has no encoder."""
        wire_id, elements, size = TYPES[type_name]
        function = self.table.encode[wire_id]
        if not function:
            return None
        blocks = numpy.empty(rows.size // elements * size, numpy.uint8)
        ENCODE(function)(pointer(rows), pointer(blocks), *rows.shape, pointer(importance))
        return blocks

    def decode(self, type_name, blocks, count):
        wire_id, _, _ = TYPES[type_name]
        function = self.table.decode[wire_id]
        if not function:
            return None
        output = numpy.empty(count, numpy.float32)
        DECODE(function)(pointer(blocks), pointer(output), count)
        return output


def levels():
    """Builds the library and returns the levels that this machine runs, lowest first."""
    folder = tempfile.mkdtemp(prefix="quern-kernels-")
    library = os.path.join(folder, "ckernels.so")
    sources = [str(path) for path in sorted(SOURCES.rglob("*.c"))]
    compiler = os.environ.get("CC", "clang")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-I", str(SOURCES / "include"),
                    "-o", library, *sources, "-lpthread", "-lm"], check=True)
    loaded = ctypes.CDLL(library)
    loaded.quern_kernels.restype = ctypes.POINTER(Table)
    found = []
    for name, index in LEVELS.items():
        table = loaded.quern_kernels(index)
        if table:
            found.append(Level(name, table.contents))
    return found


def real_rows(path, count):
    """About `count` weights of a GGUF file's larger tensors, decoded, as rows of 256 columns or more."""
    import gguf

    chosen, taken = [], 0
    tensors = [t for t in gguf.GGUFReader(path).tensors
               if len(t.shape) >= 2 and t.shape[0] % 32 == 0 and t.n_elements >= 1 << 17]
    tensors.sort(key=lambda t: t.name)
    share = max(1, count // max(1, len(tensors)))
    for tensor in tensors:
        columns = int(tensor.shape[0])
        rows = min(tensor.data.shape[0], max(1, -(-share // columns)))
        step = max(1, tensor.data.shape[0] // rows)
        data = numpy.ascontiguousarray(tensor.data[::step][:rows])
        values = gguf.dequantize(data, tensor.tensor_type).astype(numpy.float32).reshape(-1)
        chosen.append(values[: values.size // 256 * 256])
        taken += values.size
    flat = numpy.concatenate(chosen)
    columns = 1536 if flat.size >= 1536 else 256
    return numpy.ascontiguousarray(flat[: flat.size // columns * columns].reshape(-1, columns))


def gaussian_rows(count, columns=2048, seed=1):
    random = numpy.random.default_rng(seed)
    return (random.standard_normal((-(-count // columns), columns)) * 0.02).astype(numpy.float32)


def nasty_rows(count, columns=512, seed=2):
    """Rows that break encoders: see the list in the body."""
    random = numpy.random.default_rng(seed)
    normal = lambda: random.standard_normal(columns)

    def outlier(size):
        row = normal() * 0.01
        row[random.integers(columns)] = size
        return row

    def sparse():
        return normal() * (random.random(columns) < 0.05)

    kinds = [
        lambda: numpy.zeros(columns),
        lambda: -numpy.zeros(columns),
        lambda: outlier(1e3), lambda: outlier(-1e6), lambda: outlier(1e30), lambda: outlier(-3e38),
        lambda: normal() * 1e-40, lambda: normal() * 1e-44, lambda: normal() * 1e-38,
        lambda: normal() * 1e-30, lambda: normal() * 1e-23, lambda: normal() * 1e-19,
        lambda: normal() * 1e-15, lambda: normal() * 1e-8,
        lambda: numpy.full(columns, random.standard_normal()),
        lambda: numpy.full(columns, 1e-41), lambda: numpy.full(columns, -1e38),
        lambda: normal() * 1e38 / 8, lambda: normal() * 1e30, lambda: normal() * 1e19,
        lambda: normal() * 1e18, lambda: normal() * 1e9, lambda: normal() * 7e4,
        lambda: random.standard_cauchy(columns), lambda: random.standard_cauchy(columns) ** 3,
        lambda: random.standard_cauchy(columns) ** 7,
        lambda: normal() * numpy.exp(normal() * 4), lambda: normal() * numpy.exp(normal() * 12),
        lambda: normal() * numpy.exp2(random.integers(-120, 120, columns)),
        lambda: numpy.abs(normal()), lambda: -numpy.abs(normal()),
        lambda: 1000 + normal(), lambda: -1000 + normal(), lambda: 1 + normal() * 1e-6,
        lambda: -1 + normal() * 1e-6, lambda: -1e6 + random.integers(0, 2, columns),
        lambda: random.choice([-1.0, 1.0], columns), lambda: random.choice([-1.0, 0.0, 1.0], columns),
        lambda: random.integers(-8, 9, columns), lambda: random.integers(-128, 129, columns) / 8,
        lambda: numpy.exp2(random.integers(-20, 4, columns)), sparse,
        lambda: numpy.where(numpy.arange(columns) % 32 < 16, 0, normal()),
        lambda: numpy.repeat(random.standard_normal(columns // 32) * 1e3, 32) + normal() * 1e-3,
        lambda: numpy.arange(columns) * 1e-3, lambda: 1 / (1 + numpy.arange(columns)),
    ]
    rows = -(-count // columns)
    limit = float(numpy.finfo(numpy.float32).max)
    data = [numpy.clip(kinds[i % len(kinds)](), -limit, limit) for i in range(rows)]
    return numpy.ascontiguousarray(numpy.stack(data).astype(numpy.float32))


def importances(columns, seed=3):
    """Importance vectors by name: as calibration makes them, and nasty."""
    random = numpy.random.default_rng(seed)
    usual = random.chisquare(1, columns) * 0.1 + 1e-4
    holes = usual * (random.random(columns) < 0.7)
    wild = numpy.exp(random.standard_normal(columns) * 8)
    return {name: value.astype(numpy.float32)
            for name, value in {"usual": usual, "holes": holes, "wild": wild}.items()}
