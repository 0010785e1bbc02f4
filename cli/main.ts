import { main } from './app.ts';
import { runHere } from './here.ts';

/** The command line program: this process' arguments, streams and signals around `main`. */
await runHere((host) => main(process.argv.slice(2), host));
