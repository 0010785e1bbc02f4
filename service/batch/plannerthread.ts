import { parentPort } from 'node:worker_threads';
import { explain } from '../explain.ts';
import { planBatch } from './expand.ts';
import type { Ask, FromPlanner } from './plannermessages.ts';
import { prepareTable } from './prepare.ts';
import { parseTable } from './table.ts';

/** Entry of the thread that reads tables: one question after the other. */

/** So many that the service hears others in between. */
const JOBS_AT_ONCE = 500;

const send = (message: FromPlanner) => parentPort?.postMessage(message);

parentPort?.on('message', ({ id, ask }: { readonly id: number; readonly ask: Ask }) => {
  try {
    send({ id, value: answer(id, ask) });
  } catch (error) {
    send({ id, error: explain(error) });
  }
});

function answer(id: number, ask: Ask) {
  switch (ask.kind) {
    case 'parse':
      return parseTable(ask.name, ask.bytes);
    case 'plan':
      return planBatch(ask.table, ask.methods);
    case 'prepare': {
      const { jobs, problems, fingerprint } = prepareTable(ask.table, ask.methods);
      for (let at = 0; at < jobs.length; at += JOBS_AT_ONCE) send({ id, jobs: jobs.slice(at, at + JOBS_AT_ONCE) });
      return { problems, fingerprint };
    }
  }
}
