import { create } from 'zustand';
import type {
  BatchState,
  DeskEvent,
  HistoryEntry,
  LostFolder,
  MethodDescription,
  ModelInfo,
  Pixels,
  QueueState,
  Settings,
} from '../../../contract/index.ts';
import { changedQueue } from '../../../transport/index.ts';

/** What a running job has told so far. */
export interface RunProgress {
  readonly job: string;
  readonly stage: string;
  /** Which of the stage's parts runs, where it tells them, and the time to their end. */
  readonly part: { readonly part: number; readonly of: number; readonly etaMs: number | null } | null;
  readonly step: number;
  readonly of: number;
  readonly etaMs: number | null;
  readonly preview: Pixels | null;
  readonly maps: Readonly<Record<string, Pixels>>;
  /** Of a video: the last preview of each frame that was shown. */
  readonly frames: Readonly<Record<number, Pixels>>;
  /** When the click was, by this page's clock, and when the first preview came; for the figure. */
  readonly startedMs: number;
  readonly firstPreviewMs: number | null;
}

export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'warning' | 'error';
  readonly text: string;
  /** More sentences below it; one that has them stays until it is closed. */
  readonly details: readonly string[];
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
  readonly lostFolders: readonly LostFolder[];
  readonly settings: Settings | null;
  readonly queue: QueueState;
  readonly batches: readonly BatchState[];
  /** Newest first. */
  readonly history: readonly HistoryEntry[];
  readonly hasMoreHistory: boolean;
  readonly run: RunProgress | null;
  readonly notices: readonly Notice[];
  /** All of them, the newest first: to be read again. */
  readonly messages: readonly Notice[];
}

export const useSession = create<Session>(() => ({
  link: 'connecting',
  linkSentence: '',
  engine: { state: 'ready', sentence: '' },
  version: '',
  methods: [],
  models: [],
  lostFolders: [],
  settings: null,
  queue: { isPaused: false, jobs: [] },
  batches: [],
  history: [],
  hasMoreHistory: false,
  run: null,
  notices: [],
  messages: [],
}));

const set = useSession.setState;
const get = useSession.getState;

/** Newest first, each once. */
const inOrder = (entries: readonly HistoryEntry[]) =>
  [...new Map(entries.map((entry) => [entry.id, entry])).values()].sort((a, b) => b.createdMs - a.createdMs);

/** Takes in what the service pushed. */
export function take(event: DeskEvent): void {
  switch (event.kind) {
    case 'run':
      takeProgress(event);
      break;
    case 'queue':
      takeQueue(changedQueue(get().queue, event.change));
      break;
    case 'result':
      set(({ history }) => ({ history: [event.entry, ...history.filter(({ id }) => id !== event.entry.id)] }));
      break;
    case 'restored':
      set(({ history }) => ({ history: inOrder([event.entry, ...history]) }));
      break;
    case 'removed':
      set(({ history }) => ({ history: history.filter(({ id }) => id !== event.id) }));
      break;
    case 'batch':
      set(({ batches }) => ({
        batches: [event.batch, ...batches.filter(({ batch }) => batch !== event.batch.batch)],
      }));
      break;
    case 'settings':
      set({ settings: event.settings });
      break;
    case 'models':
      set({ models: event.models, lostFolders: event.lostFolders });
      break;
    case 'engine':
      set({ engine: { state: event.state, sentence: event.sentence } });
      break;
    case 'disk':
      notify(event.state === 'failing' ? 'error' : 'info', event.sentence);
      break;
  }
}

const freshRun = (job: string): RunProgress => ({
  job,
  stage: 'open',
  part: null,
  step: 0,
  of: 0,
  etaMs: null,
  preview: null,
  maps: {},
  frames: {},
  startedMs: performance.now(),
  firstPreviewMs: null,
});

/** A job that was cancelled here: what is still on its way of it is not shown. */
let forgotten: string | undefined;

export function forgetRun(job: string): void {
  forgotten = job;
  set({ run: null });
}

export function takeQueue(queue: QueueState): void {
  // It may be tried again under its id.
  if (queue.jobs.find(({ job }) => job === forgotten)?.state !== 'running') forgotten = undefined;
  const running = queue.jobs.find(({ job, state }) => state === 'running' && job !== forgotten);
  set(({ run }) => ({
    queue,
    run: running === undefined ? null : run?.job === running.job ? run : freshRun(running.job),
  }));
}

function takeProgress({ job, event }: Extract<DeskEvent, { kind: 'run' }>): void {
  const { run: known, queue } = get();
  // What a cancelled job still had on its way is not shown any more.
  if (job === forgotten || queue.jobs.find((queued) => queued.job === job)?.state !== 'running') return;
  const run = known?.job === job ? known : freshRun(job);
  switch (event.kind) {
    case 'stage':
      set({ run: { ...run, stage: event.stage, part: null } });
      break;
    case 'part': {
      const { part, of, etaMs = null } = event;
      set({ run: { ...run, part: { part, of, etaMs } } });
      break;
    }
    case 'step':
      set({ run: { ...run, stage: 'denoise', step: event.step, of: event.of, etaMs: event.etaMs } });
      break;
    case 'preview':
      set({
        run: {
          ...run,
          preview: event.image,
          ...(event.frame !== undefined && { frames: { ...run.frames, [event.frame]: event.image } }),
          firstPreviewMs: run.firstPreviewMs ?? performance.now() - run.startedMs,
        },
      });
      break;
    case 'map':
      set({ run: { ...run, maps: { ...run.maps, [event.word]: event.map } } });
      break;
  }
}

let lastNotice = 0;

const MAX_SHOWN = 4;
const MAX_MESSAGES = 100;

const stays = ({ tone, details, action }: Notice) => tone === 'error' || details.length > 0 || action !== undefined;

/** Shows a sentence; errors, and what has details or a button, stay until they are closed. All can be read again as messages. */
export function notify(
  tone: Notice['tone'],
  text: string,
  action?: Notice['action'],
  details: readonly string[] = [],
): void {
  lastNotice += 1;
  const notice: Notice = { id: lastNotice, tone, text, details, ...(action && { action }) };
  set(({ notices, messages }) => {
    const others = notices.filter((other) => other.text !== text);
    // Where there is no room, what would go by itself goes first.
    const first = others.find((other) => !stays(other)) ?? others[0];
    const kept = others.length < MAX_SHOWN ? others : others.filter((other) => other !== first);
    return { notices: [...kept, notice], messages: [notice, ...messages].slice(0, MAX_MESSAGES) };
  });
  if (!stays(notice)) setTimeout(() => closeNotice(notice.id), 8000);
}

export function closeNotice(id: number): void {
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}
