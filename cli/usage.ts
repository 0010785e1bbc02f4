/** A command line that cannot be understood: the user's to mend, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
