import type { Selection } from '../../contract/index.ts';
import { AttuneError, type Engine, type ImageCodec } from '../../engine/index.ts';
import type { Select } from './messages.ts';

/** Where a word is in a picture. */
export function selectWord({ word }: Select, _engine: Engine, _codec: ImageCodec): Promise<Selection> {
  throw new AttuneError('request-invalid', `"${word}" cannot be looked for in a picture yet; paint the mask instead.`, {
    field: 'word',
  });
}
