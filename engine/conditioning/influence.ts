import { valueAt } from '../base/tensor.ts';
import { comparePrompts } from '../text/difference.ts';
import { type Conditioning, encodePrompt, type PromptingModel } from './conditioning.ts';

/**
 * Which text columns carry what a word says. A text encoder spreads a word over the columns behind it (CLIP is causal: "left" in "a red
 * star on the left" knows the star), and the network reads it there. So a word's columns are weighted by how much their states change
 * when the word changes, instead of taking the word's own columns alone. On the embedded model, 24 edits of two-sprite scenes at two noise levels, the
 * share of text attention on these columns ranks the tokens of the object with an area under the curve of .97 to .99, the mass on the
 * word's own columns with .16 to .22: the object's tokens look less at "red" than the background's do.
 */
export interface Influence {
  /** [text columns] of `condition`, 0..1. */
  readonly columns: Float32Array;
}

/**
 * Relative change |a - b| / sqrt(|a|^2 + |b|^2) of the states at columns that two prompts share; 1 where a column of `condition` has no
 * counterpart. 0 for equal states, 1 for orthogonal ones.
 */
export function influenceOfChange(condition: Conditioning, other: Conditioning): Influence {
  const columns = new Float32Array(condition.tokenCount);
  const width = condition.promptEmbeds.length / condition.tokenCount;
  condition.blocks.forEach((block, index) => {
    const counterpart = other.blocks[index];
    if (counterpart === undefined) return;
    const { alignment } = comparePrompts(counterpart.encoded, block.encoded);
    for (let position = 0; position < block.encoded.ids.length; position++) {
      const from = position < alignment.length ? (alignment[position] ?? -1) : position;
      columns[block.start + position] =
        from < 0
          ? 1
          : Math.min(
              1,
              relativeChange(
                condition.promptEmbeds,
                block.start + position,
                other.promptEmbeds,
                block.start + from,
                width,
              ),
            );
    }
  });
  return { columns };
}

/** A word that says nothing; unknown to small vocabularies, which then see their unknown token. */
const NEUTRAL_WORD = 'thing';

/** How the columns change when the characters start..end of the prompt are replaced by a word that says nothing. */
export async function influenceOfWord(
  model: PromptingModel,
  condition: Conditioning,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Influence> {
  const without = `${condition.prompt.slice(0, start)}${NEUTRAL_WORD}${condition.prompt.slice(end)}`;
  return influenceOfChange(condition, await encodePrompt(model, without, 'none'));
}

function relativeChange(a: Float32Array, rowA: number, b: Float32Array, rowB: number, width: number): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < width; i++) {
    const x = valueAt(a, rowA * width + i);
    const y = valueAt(b, rowB * width + i);
    difference += (x - y) ** 2;
    size += x * x + y * y;
  }
  return size === 0 ? 0 : Math.sqrt(difference / size);
}
