import { type Row, refuseTable, rowOf, spokenLines } from './row.ts';

const MAX_DEPTH = 6;

/** Rows of a list of objects. Throws 'request-invalid' naming the row. */
export function jsonRows(name: string, text: string): Row[] {
  const value = parseJson(name, text);
  if (!Array.isArray(value)) throw refuseTable(name, 'is not a list of objects: [{"prompt": "..."}, ...]');
  return value.map((row: unknown, index) => objectRow(row, `${name}, row ${index + 1},`));
}

/** Rows of an object a line. Throws 'request-invalid' naming the line. */
export function jsonLines(name: string, text: string): Row[] {
  return spokenLines(text).map(({ line, number }) => {
    const where = `${name}, line ${number},`;
    return objectRow(parseJson(where, line), where);
  });
}

function parseJson(where: string, text: string): unknown {
  checkDepth(where, text);
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
      // Numbers that JSON rounds keep their digits, so that they are told and not run as others.
      typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
        ? (context?.source ?? String(value))
        : value,
    );
  } catch (error) {
    throw refuseTable(where, 'is no JSON', error);
  }
}

function checkDepth(where: string, text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && inString) at++;
    else if (character === '"') inString = !inString;
    else if (!inString && (character === '{' || character === '[') && ++depth > MAX_DEPTH)
      throw refuseTable(where, `nests more than ${MAX_DEPTH} deep`);
    else if (!inString && (character === '}' || character === ']')) depth--;
  }
}

/** Values become cells; `params` and `size` are spread over their columns. */
function objectRow(value: unknown, where: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuseTable(where, 'is not an object');
  const cells: [string, string][] = [];
  for (const [column, cell] of Object.entries(value)) {
    if (cell === null || cell === undefined) continue;
    if (typeof cell !== 'object') cells.push([column, String(cell)]);
    else if (column === 'params' && !Array.isArray(cell))
      for (const [name, param] of Object.entries(cell)) cells.push([`param.${name}`, String(param)]);
    else if (column === 'size' && 'width' in cell && 'height' in cell)
      cells.push(['size', `${String(cell.width)}x${String(cell.height)}`]);
    else throw refuseTable(where, `holds a list or an object in "${column}", where a text or a number belongs`);
  }
  return rowOf(cells);
}
