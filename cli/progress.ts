import type { RunEvent, Stage } from '../contract/index.ts';
import { type Status, type StatusHost, StatusLine } from './statusline.ts';

const STAGES: Readonly<Record<Stage, string>> = {
  open: 'opening the model',
  encode: 'reading the picture',
  condition: 'reading the prompt',
  search: 'looking for the place of the edit',
  denoise: 'working',
  decode: 'making the picture',
  upscale: 'making it larger',
  write: 'writing',
};

/** What a run tells, as a status; undefined for what is no progress. */
class RunStatus {
  #stage: Stage | undefined;

  of(event: RunEvent): { readonly status: Status; readonly since: 'now' | 'before' } | undefined {
    switch (event.kind) {
      case 'stage': {
        const isNew = event.stage !== this.#stage;
        this.#stage = event.stage;
        return { status: { what: STAGES[event.stage], isNew }, since: isNew ? 'now' : 'before' };
      }
      case 'part': {
        const { part, of, etaMs } = event;
        if (this.#stage === undefined || of === 1) return undefined;
        const what = `${STAGES[this.#stage]}, part ${part} of ${of}`;
        const eta = etaMs === undefined ? {} : { etaMs };
        return { status: { what, share: (part - 1) / of, isNew: false, ...eta }, since: 'before' };
      }
      case 'step': {
        const { step, of, etaMs } = event;
        const left = step < of ? { etaMs } : {};
        return { status: { what: `step ${step} of ${of}`, share: step / of, isNew: false, ...left }, since: 'now' };
      }
      default:
        return undefined;
    }
  }
}

/** Progress of a run on standard error. */
export class ProgressReport {
  readonly #line: StatusLine;
  readonly #run = new RunStatus();

  constructor(host: StatusHost) {
    this.#line = new StatusLine(host);
  }

  readonly onEvent = (event: RunEvent): void => {
    const told = this.#run.of(event);
    if (told !== undefined) this.#line.show(told.status, told.since);
  };

  /** What comes before and after the run. */
  says(what: string): void {
    this.#line.show({ what, isNew: true });
  }

  end(): void {
    this.#line.end();
  }
}

/** The progress of one job of many: it is said only now and then where nobody sees it move. */
export class JobsReport {
  readonly #host: StatusHost;
  readonly #line: StatusLine;
  #run = new RunStatus();
  #job = '';
  /** When all is expected to end. */
  #endMs: number | undefined;
  #hasSpoken = false;

  constructor(host: StatusHost) {
    this.#host = host;
    this.#line = new StatusLine(host);
  }

  /** @param etaMs expected time to the end of all */
  begins(job: string, etaMs: number | undefined): void {
    this.#run = new RunStatus();
    this.#job = job;
    this.#endMs = etaMs === undefined ? undefined : this.#host.now() + etaMs;
    this.#line.show({ what: job, isNew: !this.#hasSpoken, ...(etaMs !== undefined && { etaMs }) });
    this.#hasSpoken = true;
  }

  readonly onEvent = (event: RunEvent): void => {
    const told = this.#run.of(event);
    if (told === undefined) return;
    const { status, since } = told;
    const what = `${this.#job}: ${status.what}`;
    // Before a job has ended, what the running one has left is all that is known.
    const etaMs = this.#endMs === undefined ? status.etaMs : Math.max(0, this.#endMs - this.#host.now());
    this.#line.show({ ...status, what, isNew: false, ...(etaMs !== undefined && { etaMs }) }, since);
  };

  /** Takes a moving line away for other words. */
  clear(): void {
    this.#line.clear();
  }

  end(): void {
    this.#line.end();
  }
}
