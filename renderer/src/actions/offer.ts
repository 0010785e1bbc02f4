import i18n from 'i18next';
import type { CallResult } from '../../../contract/index.ts';
import { documentFrom } from '../state/request.ts';
import { notify } from '../state/session.ts';

/** Settings as a file brought them. */
export type Imported = NonNullable<CallResult<'import'>['imported']>;

/** Whether a file brought any setting that the editor has a place for. */
export const hasSettings = ({ request }: Imported): boolean =>
  request.segments !== undefined || Object.keys(documentFrom(request)).length > 0;

/** Offers the settings that came with a picture or clip, together with what of them is lost; without settings it says the latter alone. */
export function offer(imported: Imported, lost: readonly string[], restore: () => void): void {
  const { tool } = imported;
  if (!hasSettings(imported)) sayLost(lost);
  else notify('info', i18n.t('open.hasSettings', { tool }), { label: i18n.t('open.restore'), run: restore }, lost);
}

/** Says what of a file's settings is lost, in one message. */
export function sayLost([text, ...others]: readonly string[]): void {
  if (text !== undefined) notify('info', text, undefined, others);
}
