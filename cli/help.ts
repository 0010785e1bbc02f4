import type { Command } from './command.ts';

/** The help of the whole program. */
export function overview(commands: readonly Command[], version: string): string {
  return [
    `attune ${version}: edits images by steering the attention of diffusion transformers`,
    '',
    'Usage: attune COMMAND [options]',
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'See "attune COMMAND --help" for what a command takes. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled.',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(command: Command, more: readonly string[]): string {
  const places = command.arguments.map(({ name, required }) => (required ? name : `[${name}]`));
  return [
    `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    '',
    `Usage: ${['attune', command.name, ...places, '[options]'].join(' ')}`,
    '',
    ...columns(command.arguments.map(({ name, summary }) => [name, summary])),
    ...(command.arguments.length > 0 ? [''] : []),
    ...columns(
      command.options.map(({ name, short, value, summary }) => [
        `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`,
        summary,
      ]),
    ),
    ...more,
    ...(command.examples.length > 0 ? ['', 'Examples:', ...command.examples.map((line) => `  ${line}`)] : []),
  ].join('\n');
}

/** Two columns, the first as wide as its widest entry. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
