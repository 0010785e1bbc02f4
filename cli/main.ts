import { homedir } from 'node:os';
import { main } from './app.ts';
import { cancelOnSignals } from './cancel.ts';
import { openNodeHost } from './nodehost.ts';

/** The command line program: this process' arguments, streams and signals around `main`. */
const host = openNodeHost({ env: process.env, home: homedir(), signal: cancelOnSignals(process) });
process.exitCode = await main(process.argv.slice(2), host);
await host.close();
