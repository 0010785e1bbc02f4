import { missingPart } from '../native/parts.ts';

/** The command line program: this process' arguments, streams and signals around `main`. */
try {
  const [{ main }, { runHere }] = await Promise.all([import('./app.ts'), import('./here.ts')]);
  await runHere((host) => main(process.argv.slice(2), host));
} catch (error) {
  const missing = missingPart(error);
  if (missing === undefined) throw error;
  process.stderr.write(`attune: ${missing}\n`);
  process.exitCode = 1;
}
