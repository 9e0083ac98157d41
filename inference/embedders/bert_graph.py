"""Writes a BERT encoder as an ONNX graph, straight from its weights.

Built by hand rather than traced by torch: it takes a second instead of twenty, needs no torch, and the same weights
give the same bytes. Only standard operators are used, so any ONNX runtime reads the file. Query, key and value are one
matrix product and the attention's scale is folded into the query weights; ONNX Runtime fuses the rest as it loads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

OPSET = 20
# Opset 20 needs this file format; newer ones are refused by older runtimes.
_FORMAT_VERSION = 9
_MASKED = np.float32(-10_000.0)

Array = NDArray[np.float32]
Attribute = int | float | list[int]


@dataclass(frozen=True)
class BertShape:
    """What the graph must know of the model's `config.json`."""

    layers: int
    heads: int
    hidden: int
    layer_norm_epsilon: float


def write_bert_graph(weights: Mapping[str, Array], shape: BertShape, path: Path) -> None:
    """Write the encoder: ids, mask and token types in, `last_hidden_state` (batch, tokens, hidden) out.

    Raises:
        KeyError: A weight is missing; its name is the argument.
    """
    import onnx

    builder = _Builder()
    hidden = _embeddings(builder, weights, shape)
    mask = _attention_mask(builder)
    for layer in range(shape.layers):
        hidden = _layer(builder, _Layer(weights, layer), shape, hidden, mask)
    rows = builder.add("Reshape", hidden, _token_shape(builder, shape.hidden), output="last_hidden_state")
    onnx.save(builder.model(rows, shape.hidden), str(path))


class _Layer:
    """The weights of one layer by their short names, matrices turned to (in, out)."""

    def __init__(self, weights: Mapping[str, Array], index: int) -> None:
        self._weights = weights
        self._prefix = f"encoder.layer.{index}."
        self.index = index

    def matrix(self, name: str) -> Array:
        return np.ascontiguousarray(self._weights[f"{self._prefix}{name}.weight"].T)

    def vector(self, name: str, kind: str = "bias") -> Array:
        return self._weights[f"{self._prefix}{name}.{kind}"]


class _Builder:
    """Collects nodes and constants; every value gets a fresh name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._count = 0

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Attribute) -> str:
        return self.add_many(operator, inputs, [output or self._fresh(operator)], **attributes)[0]

    def add_many(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str] | int, **attributes: Attribute
    ) -> list[str]:
        from onnx import helper

        names = [self._fresh(operator) for _ in range(outputs)] if isinstance(outputs, int) else list(outputs)
        node = helper.make_node(operator, list(inputs), names)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return names

    def constant(self, value: NDArray[np.float32] | NDArray[np.int64], name: str | None = None) -> str:
        from onnx import numpy_helper

        name = name or self._fresh("constant")
        self._constants.append(numpy_helper.from_array(value, name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"

    def model(self, output: str, hidden: int) -> "onnx.ModelProto":
        from onnx import TensorProto, helper

        def tokens(name: str) -> "onnx.ValueInfoProto":
            return helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])

        inputs = [tokens(name) for name in ("input_ids", "attention_mask", "token_type_ids")]
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", "tokens", hidden])]
        graph = helper.make_graph(self._nodes, "encoder", inputs, outputs, self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_FORMAT_VERSION)


def _token_shape(builder: _Builder, *last: int) -> str:
    """Return the shape (batch, tokens, *last) of this run's input."""
    return builder.add("Concat", builder.add("Shape", "input_ids"), builder.integers(*last), axis=0)


def _embeddings(builder: _Builder, weights: Mapping[str, Array], shape: BertShape) -> str:
    """Return word, position and token-type vectors summed and normalised: (batch * tokens, hidden)."""
    words = builder.add("Gather", builder.constant(weights["embeddings.word_embeddings.weight"]), "input_ids")
    types = builder.add(
        "Gather", builder.constant(weights["embeddings.token_type_embeddings.weight"]), "token_type_ids"
    )
    length = builder.add("Shape", "input_ids", start=1, end=2)
    places = builder.constant(weights["embeddings.position_embeddings.weight"])
    positions = builder.add("Slice", places, builder.integers(0), length, builder.integers(0))
    total = builder.add("Add", builder.add("Add", words, types), positions)
    flat = builder.add("Reshape", total, builder.integers(-1, shape.hidden))
    scale, bias = (weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias"))
    return _normalise(builder, flat, scale, bias, shape)


def _normalise(builder: _Builder, value: str, scale: Array, bias: Array, shape: BertShape) -> str:
    constants = builder.constant(scale), builder.constant(bias)
    return builder.add("LayerNormalization", value, *constants, axis=-1, epsilon=shape.layer_norm_epsilon)


def _attention_mask(builder: _Builder) -> str:
    """Return what is added to attention scores: 0 for real tokens, a large negative number for padding."""
    real = builder.add("Cast", "attention_mask", to=1)  # TensorProto.FLOAT
    absent = builder.add("Sub", builder.constant(np.ones(1, np.float32)), real)
    penalty = builder.add("Mul", absent, builder.constant(np.array([_MASKED])))
    return builder.add("Unsqueeze", penalty, builder.integers(1, 2))


def _layer(builder: _Builder, layer: _Layer, shape: BertShape, hidden: str, mask: str) -> str:
    attended = _linear(
        builder,
        _attention(builder, layer, shape, hidden, mask),
        layer.matrix("attention.output.dense"),
        layer.vector("attention.output.dense"),
    )
    hidden = _add_and_normalise(builder, layer, "attention.output.LayerNorm", shape, attended, hidden)
    inner = _linear(builder, hidden, layer.matrix("intermediate.dense"), layer.vector("intermediate.dense"))
    inner = builder.add("Gelu", inner)
    outer = _linear(builder, inner, layer.matrix("output.dense"), layer.vector("output.dense"))
    return _add_and_normalise(builder, layer, "output.LayerNorm", shape, outer, hidden)


def _linear(builder: _Builder, value: str, matrix: Array, bias: Array) -> str:
    return builder.add("Add", builder.add("MatMul", value, builder.constant(matrix)), builder.constant(bias))


def _add_and_normalise(builder: _Builder, layer: _Layer, name: str, shape: BertShape, value: str, residual: str) -> str:
    total = builder.add("Add", value, residual)
    return _normalise(builder, total, layer.vector(name, "weight"), layer.vector(name), shape)


def _attention(builder: _Builder, layer: _Layer, shape: BertShape, hidden: str, mask: str) -> str:
    """Return the heads' outputs side by side: (batch * tokens, hidden)."""
    queries, keys, values = _heads(builder, layer, shape, hidden)
    scores = builder.add("MatMul", queries, builder.add("Transpose", keys, perm=[0, 1, 3, 2]))
    shares = builder.add("Softmax", builder.add("Add", scores, mask), axis=-1)
    mixed = builder.add("Transpose", builder.add("MatMul", shares, values), perm=[0, 2, 1, 3])
    return builder.add("Reshape", mixed, builder.integers(-1, shape.hidden))


def _heads(builder: _Builder, layer: _Layer, shape: BertShape, hidden: str) -> list[str]:
    """Return queries, keys and values, each (batch, heads, tokens, hidden / heads), by one matrix product."""
    width = shape.hidden // shape.heads
    scale = np.float32(width**-0.5)
    names = [f"attention.self.{part}" for part in ("query", "key", "value")]
    matrices, biases = [layer.matrix(name) for name in names], [layer.vector(name) for name in names]
    matrices[0], biases[0] = matrices[0] * scale, biases[0] * scale
    joined = _linear(builder, hidden, np.concatenate(matrices, axis=1), np.concatenate(biases))
    split = builder.add("Reshape", joined, _token_shape(builder, 3, shape.heads, width))
    turned = builder.add("Transpose", split, perm=[2, 0, 3, 1, 4])
    parts = builder.add_many("Split", [turned], 3, axis=0, num_outputs=3)
    return [builder.add("Squeeze", part, builder.integers(0)) for part in parts]
