import { AttuneError } from '../base/errors.ts';
import { flowedit } from './flowedit.ts';
import { generate } from './generate.ts';
import { inpaint } from './inpaint.ts';
import type { Method } from './method.ts';
import { promptEdit } from './prompt-edit.ts';

/** Every method, one line each. */
export const methods: readonly Method[] = [generate, promptEdit, flowedit, inpaint];

export function methodOf(id: string): Method {
  const method = methods.find(({ description }) => description.id === id);
  if (method !== undefined) return method;
  throw new AttuneError(
    'request-invalid',
    `There is no method "${id}"; there are ${methods.map(({ description }) => description.id).join(', ')}.`,
    {
      field: 'method',
    },
  );
}
