import type { MethodDescription } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import type { Method } from './method.ts';
import { methods } from './registry.ts';
import type { VideoMethod } from './videomethod.ts';
import { videoMethods } from './videoregistry.ts';

/** The method for pictures with this id. Throws 'request-invalid', field `method`, saying so where it is one for videos. */
export function methodOf(id: string): Method {
  return found(methods, id) ?? refuse(id, 'picture');
}

/** As `methodOf`, for videos. */
export function videoMethodOf(id: string): VideoMethod {
  return found(videoMethods, id) ?? refuse(id, 'video');
}

function found<T extends { readonly description: MethodDescription }>(list: readonly T[], id: string): T | undefined {
  return list.find(({ description }) => description.id === id);
}

function refuse(id: string, makes: MethodDescription['makes']): never {
  const [wanted, others] = makes === 'picture' ? [methods, videoMethods] : [videoMethods, methods];
  const ids = wanted.map(({ description }) => description.id).join(', ');
  const other = found<Pick<Method, 'description'>>(others, id);
  throw new AttuneError(
    'request-invalid',
    other === undefined
      ? `There is no method "${id}" that makes a ${makes}; there are ${ids}.`
      : `The method ${id} makes a ${other.description.makes}, and a ${makes} is asked for here. Methods that make a ${makes}: ${ids}.`,
    { field: 'method' },
  );
}
