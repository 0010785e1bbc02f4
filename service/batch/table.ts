import { decodeText } from './encoding.ts';
import type { Row } from './row.ts';
import { parseRows } from './rows.ts';

/** Rows of a table's file in any encoding, and what should be known of how it was read. Throws 'request-invalid'. */
export function parseTable(
  name: string,
  bytes: Uint8Array,
  encoding?: string,
): { readonly rows: Row[]; readonly notes: string[] } {
  const { text, notes } = decodeText(bytes, name, encoding);
  return { rows: parseRows(name, text), notes: [...notes] };
}
