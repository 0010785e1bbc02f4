import { readFileSync } from 'node:fs';
import { EditRequest } from '../contract/index.ts';
import { discOf, openTestEngine, requestOf } from './embedded.ts';

/**
 * The measured process of peak.test.ts. Arguments: a request as JSON, without the fields that `requestOf` fills in; the sides of the
 * source picture, 0 for none. Sends what an idle engine holds, what is expected of the job, then runs it.
 */
const [asked = '{}', side = '0'] = process.argv.slice(2);
const request = EditRequest.parse({ ...requestOf({ method: 'generate' }), ...JSON.parse(asked) });
const source = Number(side) > 0 ? discOf(Number(side), Number(side)) : undefined;
const media = source === undefined ? {} : { source };

const engine = openTestEngine(2);
const estimate = engine.plan(request, media).memory;
const privateKilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
process.send?.({ base: Number(privateKilobytes) * 1024, estimate });
const { figures } = await engine.run(request, media);
process.send?.({ told: figures.estimatedPeakBytes });
await engine.close();
process.disconnect();
