import { presentMethodId } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { ditctrl } from './ditctrl/ditctrl.ts';
import { flowedit } from './flowedit.ts';
import { generate } from './generate.ts';
import { inpaint } from './inpaint.ts';
import type { Method } from './method.ts';
import { promptEdit } from './prompt-edit/prompt-edit.ts';
import { sdedit } from './sdedit.ts';

/** Every method, one line each. */
export const methods: readonly Method[] = [generate, promptEdit, flowedit, inpaint, sdedit, ditctrl];

/** The method of this id, today's or a former one. Throws 'request-invalid', field `method`. */
export function methodOf(id: string): Method {
  const found = methods.find(({ description }) => description.id === presentMethodId(id));
  if (found !== undefined) return found;
  const ids = methods.map(({ description }) => description.id).join(', ');
  throw new AttuneError('request-invalid', `There is no method "${id}"; there are ${ids}.`, { field: 'method' });
}
