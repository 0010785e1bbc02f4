import type { GraphNode } from './comfygraph.ts';

/** What an input holds: a value, nothing, or something that the graph does not tell. */
export type Found =
  | { readonly is: 'value'; readonly value: string | number }
  | { readonly is: 'absent' }
  /** `by` what it comes from; `hint`: a text that stands there and is not the value. */
  | { readonly is: 'untold'; readonly by: string; readonly hint?: string };

export const ABSENT: Found = { is: 'absent' };
export const valueIs = (value: string | number): Found => ({ is: 'value', value });

/** A node whose rules are not known: its output is not in the file. */
export function untoldBy(node: GraphNode, hint?: string): Extract<Found, { is: 'untold' }> {
  const type = node.type.replace(/\p{Cc}/gu, ' ').slice(0, 80);
  return { is: 'untold', by: `the node "${type}" (${node.id.slice(0, 20)})`, ...(hint !== undefined && { hint }) };
}
