import type { MethodDescription, ParamSchema } from '../../contract/index.ts';
import { columns } from '../help.ts';
import type { Host } from '../host.ts';

/** Help lines about the methods that fit a command, with their parameters. */
export async function methodHelp(host: Host, fits: (method: MethodDescription) => boolean): Promise<readonly string[]> {
  const methods = (await host.engine()).describeMethods().filter(fits);
  return methods.flatMap(({ id, summary, params }) => [
    '',
    `--method ${id}: ${summary}`,
    ...columns(
      params.map((param) => [
        `  --param ${param.name}=${valuesOf(param)}`,
        `${param.summary} (${String(param.default) || 'empty'})`,
      ]),
    ),
  ]);
}

function valuesOf(param: ParamSchema): string {
  switch (param.type) {
    case 'number':
    case 'integer':
      return `${param.min}..${param.max}`;
    case 'boolean':
      return 'true|false';
    case 'choice':
      return param.choices.map(({ value }) => value).join('|');
    case 'text':
      return 'TEXT';
  }
}
