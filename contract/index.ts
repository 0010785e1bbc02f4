/** The words that cross a process border, each as a zod schema and the type of the same name. No logic lives here. */
export { UserError, UserErrorKind } from './error.ts';
export { JobEvent, RunEvent, Stage } from './event.ts';
export { MediaRef, Pixels, Sha256 } from './media.ts';
export { MethodDescription, MethodInput, ParamSchema, ParamValue } from './method.ts';
export { EditRecord, RECORD_SCHEMA, type RecordedOperation } from './record.ts';
export { EditRequest, MAX_SEED, ResolvedRequest, Size } from './request.ts';
export { Vocabulary } from './vocabulary.ts';
