import { VERSION } from '../native/package.ts';
import type { Command, Outcome } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, exitCodeOf, toUserError, UsageError } from './errors.ts';
import { commandHelp, overview } from './help.ts';
import type { Host } from './host.ts';
import { parseCommandLine } from './options.ts';
import { didYouMean } from './suggest.ts';

/** Runs one command line to its end and resolves to the exit code; never rejects, never prints a stack trace unasked. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  // Known before the line is parsed, because a wrong line is reported in JSON as well.
  const json = argv.includes('--json');
  try {
    const [name, ...rest] = argv;
    if (name === '--version' || name === '-v') return await print(host, `attune ${VERSION}`);
    if (name === undefined || name === '--help' || name === '-h') return await print(host, overview(COMMANDS, VERSION));
    if (name === 'help') return await help(rest[0], host);
    const command = findCommand(name);
    if (rest.includes('--help') || rest.includes('-h')) return await help(name, host);
    const outcome = await command.run(parseCommandLine(rest, command), host);
    await report(outcome, json, host);
    return outcome.ok ? EXIT.ok : EXIT.failed;
  } catch (error) {
    const shown = toUserError(
      error,
      COMMANDS.find(({ name }) => name === argv[0]),
    );
    host.writeErr(`attune: ${printable(shown.message)}\n`);
    if (host.env.ATTUNE_DEBUG === '1') host.writeErr(`${error instanceof Error ? error.stack : String(error)}\n`);
    if (json) await host.writeOut(`${JSON.stringify({ ok: false, error: shown })}\n`);
    return exitCodeOf(shown);
  }
}

async function report(outcome: Outcome, json: boolean, host: Host): Promise<void> {
  const { ok, outputs, figures, record, lines, details } = outcome;
  if (json) {
    await host.writeOut(`${JSON.stringify({ ok, outputs, figures, ...(record && { record }), ...details })}\n`);
    return;
  }
  // Where the picture itself goes to standard output, words would spoil it.
  const text = lines.map((line) => `${printable(line)}\n`).join('');
  if (outputs.some(({ path }) => path === '-')) host.writeErr(text);
  else await host.writeOut(text);
}

/** Names and prompts come from other people's files: what would steer a terminal is shown as a mark. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '\ufffd');
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command;
  const names = COMMANDS.map((candidate) => candidate.name);
  const what = name.startsWith('-')
    ? `The command comes first: attune ${names[0]} ${name} ...`
    : `There is no command "${name}".`;
  throw new UsageError(`${what}${didYouMean(name, names) || ` There are ${names.join(', ')}.`}`);
}

async function help(name: string | undefined, host: Host): Promise<number> {
  if (name === undefined) return print(host, overview(COMMANDS, VERSION));
  const command = findCommand(name);
  return print(host, commandHelp(command, (await command.moreHelp?.(host)) ?? []));
}

async function print(host: Host, text: string): Promise<number> {
  await host.writeOut(`${text}\n`);
  return EXIT.ok;
}
