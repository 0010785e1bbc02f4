import type { TokenPair } from '../../attention/route.ts';
import { valueAt } from '../../base/tensor.ts';
import type { Conditioning } from '../../conditioning/conditioning.ts';
import { columnSources, comparePrompts } from '../../text/difference.ts';

/**
 * The token map of the target's text columns: a column that continues a source column takes its logits (weight 1), others keep their
 * own (weight 0). CLIP's and T5's columns are matched apart. Padding keeps its own: in joint attention it carries content.
 * Where a replaced word has another number of tokens, the mass of its n source tokens is divided among its m target tokens, as published:
 * the logsumexp of n logits less log m.
 * @param replaced `source`: a replaced word takes the logits of the word it replaces (Prompt-to-Prompt's swap); `own`: it keeps its own (refinement)
 */
export function routedPairs(
  source: Conditioning,
  target: Conditioning,
  replaced: 'own' | 'source',
): readonly TokenPair[] {
  const pairs: TokenPair[] = [];
  eachBlock(source, target, (start, difference, length) => {
    const { sources, bias } = columnSources(difference, length, replaced);
    sources.forEach((served, position) => {
      const column = start + position;
      if (served.length === 0) pairs.push({ source: column, target: column, weight: 0 });
      for (const from of served)
        pairs.push({ source: start + from, target: column, weight: 1, logWeight: valueAt(bias, position) });
    });
  });
  // Columns that no tokenizer filled (the zero block of a checkpoint without T5) are seen like any other.
  const mapped = new Set(pairs.map((pair) => pair.target));
  for (let column = 0; column < target.tokenCount; column++)
    if (!mapped.has(column)) pairs.push({ source: column, target: column, weight: 0 });
  return pairs;
}

function eachBlock(
  source: Conditioning,
  target: Conditioning,
  visit: (start: number, difference: ReturnType<typeof comparePrompts>, length: number) => void,
): void {
  target.blocks.forEach((block, index) => {
    const other = source.blocks[index];
    if (other !== undefined) visit(block.start, comparePrompts(other.encoded, block.encoded), block.encoded.ids.length);
  });
}
