import type { ResolvedRequest } from '../../contract/index.ts';
import type { Method } from '../methods/method.ts';
import type { Model } from '../model/model.ts';

/** An input that was given and that changes nothing. */
export type UnreadInput = 'negative';

/** What a run would leave unread: a negative prompt that no guidance leads away from. */
export function unreadInputs(method: Method, model: Model, request: ResolvedRequest): readonly UnreadInput[] {
  if ((request.negative ?? '').trim() === '') return [];
  return method.readsNegative(model, request) ? [] : ['negative'];
}

/** A sentence for each input that was left unread. */
export function unreadWarnings(method: Method, model: Model, request: ResolvedRequest): readonly string[] {
  return unreadInputs(method, model, request).map(
    () => `The negative prompt was not read: ${whyUnread(model, request)}`,
  );
}

function whyUnread({ name, denoiser }: Model, { guidance }: ResolvedRequest): string {
  if (denoiser.guidance !== 'classifier-free') return `${name} is not guided by one. Leave it out.`;
  return guidance === 1
    ? 'guidance 1 leads away from nothing. Choose a higher guidance, or leave it out.'
    : 'this run leads away from text states of zeros (unconditional=zero). Leave one of the two out.';
}
