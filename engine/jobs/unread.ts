import type { ResolvedRequest } from '../../contract/index.ts';
import type { Method } from '../methods/method.ts';
import type { VideoMethod } from '../methods/videomethod.ts';

/** An input that was given and that changes nothing. */
export type UnreadInput = 'negative';

/** What a run would leave unread: a negative prompt that no guidance leads away from. */
export function unreadInputs(
  { readsNegative }: Pick<Method | VideoMethod, 'readsNegative'>,
  request: ResolvedRequest,
): readonly UnreadInput[] {
  if ((request.negative ?? '').trim() === '') return [];
  const isRead = readsNegative?.(request) ?? request.guidance !== 1;
  return isRead ? [] : ['negative'];
}

const SENTENCES: Readonly<Record<UnreadInput, (request: ResolvedRequest) => string>> = {
  negative: ({ guidance }) =>
    guidance === 1
      ? 'The negative prompt was not read: guidance 1 leads away from nothing. Choose a higher guidance, or leave it out.'
      : 'The negative prompt was not read: this run leads away from text states of zeros (unconditional=zero). Leave one of the two out.',
};

/** A sentence for each input that was left unread. */
export const unreadWarnings = (method: Pick<Method | VideoMethod, 'readsNegative'>, request: ResolvedRequest) =>
  unreadInputs(method, request).map((input) => SENTENCES[input](request));
