import type { EditRecord, MethodDescription } from '../../contract/index.ts';

/** A weaker change is none that is seen: where nothing changes, the loss of an autoencoder stays below it (.17 to .22), and edits reach .47 and more. */
const SEEN_STRENGTH = 0.25;

const UNCHANGED =
  'Nothing changed: the prompts say the same, or no place in the picture answers to what differs. Use other words, or paint a mask.';

/**
 * A sentence for an edit that did nothing or little, with what to try.
 * @param figures as `deliverFrames` gives them
 * @param hasMask whether a mask was given
 */
export function littleWarnings(
  figures: Readonly<Record<string, number>>,
  { prompts }: Pick<EditRecord, 'prompts'>,
  { params }: Pick<MethodDescription, 'params'>,
  hasMask: boolean,
): readonly string[] {
  const { changedInside, changedShare = 0, changeStrength = 1 } = figures;
  if (changedInside === 0) return [UNCHANGED];
  if (changeStrength >= SEEN_STRENGTH) return [];
  const share = `${Math.round(100 * changedShare)} % of the area looks different`;
  const textOf = (role: EditRecord['prompts'][number]['role']) => prompts.find((prompt) => prompt.role === role);
  const [prompt, source] = [textOf('prompt'), textOf('sourcePrompt')];
  if (prompt !== undefined && prompt.text === source?.text && prompt.weights.length > 0)
    return [
      `The weights changed nothing that is seen: ${share}. Say in words what should change, or use another method.`,
    ];
  const higher = params.some(({ name }) => name === 'strength') ? 'a higher strength, ' : '';
  return [
    `The edit did little: ${share}. Try ${higher}plainer words for what should be there, another seed or another method, or ${hasMask ? 'move the mask over what should change' : 'paint a mask'}.`,
  ];
}
