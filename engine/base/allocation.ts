/**
 * How memory that runs out is worded: by C++ (`std::bad_alloc`, on Windows `bad allocation`), onnxruntime's arena, the system (ENOMEM), a
 * device, DirectX (8007000E), Rust, and JavaScript for its heap, arrays and threads.
 */
const WORDED =
  /bad_alloc|memory allocation of \d+ bytes failed|bad allocation|failed to allocate memory|cannot allocate memory|not enough memory|out of memory|ENOMEM|8007000E|array buffer allocation failed/i;

/** Whether an error, or what caused it, says that there was no memory. */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return typeof error === 'string' && WORDED.test(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOMEM' || code === 'ERR_WORKER_OUT_OF_MEMORY') return true;
  return WORDED.test(error.message) || (error.cause !== undefined && isOutOfMemory(error.cause));
}
