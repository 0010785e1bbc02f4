/** What the main process and the service process tell each other. Ports travel beside the messages; pictures and progress never do. */
export type ToService =
  /** With one port: an editor's. */
  | { readonly kind: 'editor' }
  /** With one port: of the runner that was asked for. */
  | { readonly kind: 'runner'; readonly id: number }
  | { readonly kind: 'runnerExit'; readonly id: number; readonly code: number }
  | { readonly kind: 'runnerBeat'; readonly id: number }
  | { readonly kind: 'grant'; readonly grant: string; readonly path: string }
  | { readonly kind: 'close' };

export type FromService =
  | { readonly kind: 'startRunner'; readonly id: number }
  | { readonly kind: 'killRunner'; readonly id: number }
  | { readonly kind: 'granted'; readonly grant: string }
  /** It cannot run, and starting it again would not help: a sentence for the user. */
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'closed' };

/** What the service process is started with. */
export interface ServiceSetup {
  readonly version: string;
  readonly embedded: string;
  readonly sample: string;
  readonly outputs: string;
}
