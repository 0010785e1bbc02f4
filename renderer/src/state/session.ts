import { create } from 'zustand';
import type {
  BatchState,
  DeskEvent,
  HistoryEntry,
  MethodDescription,
  ModelInfo,
  Pixels,
  QueueState,
  Settings,
} from '../../../contract/index.ts';

/** What a running job has told so far. */
export interface RunProgress {
  readonly job: string;
  readonly stage: string;
  readonly step: number;
  readonly of: number;
  readonly etaMs: number | null;
  readonly preview: Pixels | null;
  readonly maps: Readonly<Record<string, Pixels>>;
  /** When the click was, by this page's clock, and when the first preview came; for the figure. */
  readonly startedMs: number;
  readonly firstPreviewMs: number | null;
}

export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'warning' | 'error';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

export type EngineState = Extract<DeskEvent, { kind: 'engine' }>['state'];

/** What the service says; the editor only shows it. */
export interface Session {
  readonly link: 'connecting' | 'open' | 'lost';
  readonly linkSentence: string;
  readonly engine: { readonly state: EngineState; readonly sentence: string };
  readonly version: string;
  readonly methods: readonly MethodDescription[];
  readonly models: readonly ModelInfo[];
  readonly settings: Settings | null;
  readonly queue: QueueState;
  readonly batches: readonly BatchState[];
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  readonly hasMoreHistory: boolean;
  readonly run: RunProgress | null;
  readonly notices: readonly Notice[];
}

export const useSession = create<Session>(() => ({
  link: 'connecting',
  linkSentence: '',
  engine: { state: 'ready', sentence: '' },
  version: '',
  methods: [],
  models: [],
  settings: null,
  queue: { isPaused: false, jobs: [] },
  batches: [],
  history: [],
  hasMoreHistory: false,
  run: null,
  notices: [],
}));

const set = useSession.setState;
const get = useSession.getState;

/** Takes in what the service pushed. */
export function take(event: DeskEvent): void {
  switch (event.kind) {
    case 'run':
      return takeProgress(event);
    case 'queue':
      return takeQueue(event.queue);
    case 'result':
      return set(({ history }) => ({ history: [event.entry, ...history.filter(({ id }) => id !== event.entry.id)] }));
    case 'removed':
      return set(({ history }) => ({ history: history.filter(({ id }) => id !== event.id) }));
    case 'batch':
      return set(({ batches }) => ({
        batches: [event.batch, ...batches.filter(({ batch }) => batch !== event.batch.batch)],
      }));
    case 'settings':
      return set({ settings: event.settings });
    case 'models':
      return set({ models: event.models });
    case 'engine':
      return set({ engine: { state: event.state, sentence: event.sentence } });
  }
}

const freshRun = (job: string): RunProgress => ({
  job,
  stage: 'open',
  step: 0,
  of: 0,
  etaMs: null,
  preview: null,
  maps: {},
  startedMs: performance.now(),
  firstPreviewMs: null,
});

function takeQueue(queue: QueueState): void {
  const running = queue.jobs.find(({ state }) => state === 'running');
  set(({ run }) => ({
    queue,
    run: running === undefined ? null : run?.job === running.job ? run : freshRun(running.job),
  }));
}

function takeProgress({ job, event }: Extract<DeskEvent, { kind: 'run' }>): void {
  const { run: known, queue } = get();
  // What a cancelled job still had on its way is not shown any more.
  if (queue.jobs.find((queued) => queued.job === job)?.state !== 'running') return;
  const run = known?.job === job ? known : freshRun(job);
  switch (event.kind) {
    case 'stage':
      return set({ run: { ...run, stage: event.stage } });
    case 'step':
      return set({ run: { ...run, stage: 'denoise', step: event.step, of: event.of, etaMs: event.etaMs } });
    case 'preview':
      return set({
        run: { ...run, preview: event.image, firstPreviewMs: run.firstPreviewMs ?? performance.now() - run.startedMs },
      });
    case 'map':
      return set({ run: { ...run, maps: { ...run.maps, [event.word]: event.map } } });
  }
}

let lastNotice = 0;

/** Shows a sentence; errors stay until they are closed. */
export function notify(tone: Notice['tone'], text: string, action?: Notice['action']): void {
  lastNotice += 1;
  const notice: Notice = { id: lastNotice, tone, text, ...(action && { action }) };
  set(({ notices }) => ({ notices: [...notices.filter((other) => other.text !== text).slice(-3), notice] }));
  if (tone !== 'error') setTimeout(() => closeNotice(notice.id), 8000);
}

export function closeNotice(id: number): void {
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}
