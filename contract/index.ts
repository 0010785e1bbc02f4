/** The words that cross a process border, each as a zod schema and the type of the same name. No logic lives here. */

export { UserError, UserErrorKind } from './error.ts';
export { JobEvent, JobId, RunEvent, Stage } from './event.ts';
export { MediaRef, Pixels, Sha256 } from './media.ts';
export {
  MethodDescription,
  MethodInput,
  ParamSchema,
  ParamValue,
  presentMethodId,
  presentParamName,
  presentParams,
} from './method.ts';
export {
  CALLS,
  type CallName,
  type CallParams,
  type CallResult,
  type Calls,
  MAX_CALL_JSON_BYTES,
  MAX_CLIP_FRAMES,
  MAX_MEDIA_BYTES,
  MAX_TABLE_BYTES,
} from './protocol.ts';
export { EditRecord, RECORD_SCHEMA, type RecordedOperation } from './record.ts';
export {
  EditRequest,
  MAX_MEGAPIXELS,
  MAX_SEED,
  MIN_MEGAPIXELS,
  PromptSegment,
  Region,
  ResolvedRequest,
  Size,
} from './request.ts';
export * from './session.ts';
export type * from './shell.ts';
export { Vocabulary } from './vocabulary.ts';
