import type { WeightRef } from '../checkpoint/weights.ts';
import type { Value } from './values.ts';

/** A graph as the builder keeps it and `encodeModel` writes it. */

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

/** `''` is ONNX's own operator set. */
export type Domain = '' | 'com.microsoft';

export interface NodeRecord {
  readonly name: string;
  readonly op: string;
  readonly domain: Domain;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

export interface WeightRecord {
  /** The initializer, of the file's element type. */
  readonly stored: Value;
  readonly ref: WeightRef;
}

export interface ConstantRecord {
  readonly value: Value;
  readonly bytes: Uint8Array;
}

export interface GraphRecord {
  readonly inputs: readonly Value[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
  readonly weights: readonly WeightRecord[];
  readonly constants: readonly ConstantRecord[];
  /** In an order in which they can run. */
  readonly nodes: readonly NodeRecord[];
}

/** The graph without the nodes, weights and constants no output depends on: the runtime computes whatever it is given. */
export function prune(graph: GraphRecord): GraphRecord {
  const needed = new Set(graph.outputs.map(({ value }) => value));
  const nodes: NodeRecord[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    nodes.push(node);
    for (const value of node.inputs) needed.add(value);
  }
  return {
    inputs: graph.inputs,
    outputs: graph.outputs,
    weights: graph.weights.filter(({ stored }) => needed.has(stored)),
    constants: graph.constants.filter(({ value }) => needed.has(value)),
    nodes: nodes.reverse(),
  };
}
