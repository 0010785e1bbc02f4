import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { EncodedModel } from '../ports.ts';
import { commonRoot, externalLocation } from './location.ts';
import {
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx_pb.ts';
import type { Attribute, ConstantRecord, GraphRecord, NodeRecord, WeightRecord } from './record.ts';
import { elementTypes, type Value } from './values.ts';

/** IR 10 is the first with operator set 21; both are long known to the runtime. */
const IR_VERSION = 10;
const OPSETS = [
  { domain: '', version: 21 },
  { domain: 'com.microsoft', version: 1 },
];

/** Writes a graph as ONNX. Weights become external data below one root. Throws 'checkpoint-unsupported' if they lie on several drives. */
export function encodeModel(graph: GraphRecord): EncodedModel {
  const { rename, copies } = nameOutputs(graph);
  const bytes = toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      opsetImport: OPSETS,
      producerName: 'attune',
      graph: {
        name: 'graph',
        input: graph.inputs.map((value) => valueInfo(value.name, value)),
        output: graph.outputs.map(({ name, value }) => valueInfo(name, value)),
        initializer: [...graph.weights.map(weight), ...graph.constants.map(constant)],
        node: [...graph.nodes.map((record) => node(record, rename)), ...copies],
      },
    }),
  );
  return { bytes, weightsRoot: commonRoot(graph.weights.map(({ ref }) => ref.file)) };
}

/** The value of a node takes the name of the output it is; an input, a weight, or a value that is an output twice is copied. */
function nameOutputs(graph: GraphRecord) {
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const names = new Map<Value, string>();
  const rename = (value: Value): string => names.get(value) ?? value.name;
  const copies: MessageInitShape<typeof NodeProtoSchema>[] = [];
  for (const { name, value } of graph.outputs) {
    if (computed.has(value) && !names.has(value)) names.set(value, name);
    else copies.push({ opType: 'Identity', name: `${name}/copy`, input: [rename(value)], output: [name] });
  }
  return { rename, copies };
}

function node(record: NodeRecord, rename: (value: Value) => string): MessageInitShape<typeof NodeProtoSchema> {
  return {
    name: record.name,
    opType: record.op,
    domain: record.domain,
    input: record.inputs.map(rename),
    output: record.outputs.map(rename),
    attribute: Object.entries(record.attributes).map(([name, value]) => attribute(name, value)),
  };
}

/** `type` is AttributeProto.AttributeType. */
function attribute(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if ('float' in value) return { name, type: 1, f: value.float };
  if ('int' in value) return { name, type: 2, i: value.int };
  if ('text' in value) return { name, type: 3, s: new TextEncoder().encode(value.text) };
  return { name, type: 7, ints: [...value.ints] };
}

function valueInfo(name: string, { type, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: elementTypes[type].onnx, shape: { dim } } } };
}

function weight({ stored, ref }: WeightRecord): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name: stored.name,
    dataType: elementTypes[stored.type].onnx,
    dims: [...stored.shape],
    dataLocation: 1,
    externalData: [
      { key: 'location', value: externalLocation(ref.file).location },
      { key: 'offset', value: String(ref.offset) },
      { key: 'length', value: String(ref.byteLength) },
    ],
  };
}

function constant({ value, bytes }: ConstantRecord): MessageInitShape<typeof TensorProtoSchema> {
  return { name: value.name, dataType: elementTypes[value.type].onnx, dims: [...value.shape], rawData: bytes };
}
