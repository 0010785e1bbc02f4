import { AttuneError } from '../base/errors.ts';

/** A parsed scheduler_config.json. */
export type SchedulerConfig = Readonly<Record<string, unknown>>;

/** Typed reading of a scheduler's config; what is absent takes the reference class's default. */
export interface ConfigReader {
  number(name: string, fallback: number): number;
  boolean(name: string, fallback: boolean): boolean;
  /** One of `allowed`; anything else is an unsupported checkpoint. */
  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T;
  /** Throws unless the setting is absent, null or one of the given values: for settings that we do not run. */
  only(name: string, accepted: readonly unknown[], meaning: string): void;
}

/** @param file named in errors, e.g. `scheduler/scheduler_config.json` */
export function readConfig(config: SchedulerConfig, file: string): ConfigReader {
  const where = (field: string) => ({ file, field });
  const value = (name: string): unknown => config[name] ?? undefined;
  return {
    number(name, fallback) {
      const found = value(name) ?? fallback;
      if (typeof found !== 'number' || !Number.isFinite(found)) {
        throw new AttuneError('checkpoint-malformed', `${file}: "${name}" must be a number.`, where(name));
      }
      return found;
    },
    boolean(name, fallback) {
      const found = value(name) ?? fallback;
      if (typeof found !== 'boolean') {
        throw new AttuneError('checkpoint-malformed', `${file}: "${name}" must be true or false.`, where(name));
      }
      return found;
    },
    choice(name, allowed, fallback) {
      const found = value(name) ?? fallback;
      const match = allowed.find((entry) => entry === found);
      if (match === undefined) {
        throw new AttuneError(
          'checkpoint-unsupported',
          `${file}: "${name}" is ${JSON.stringify(found)}; supported: ${allowed.join(', ')}.`,
          where(name),
        );
      }
      return match;
    },
    only(name, accepted, meaning) {
      const found = value(name);
      if (found !== undefined && !accepted.includes(found)) {
        throw new AttuneError(
          'checkpoint-unsupported',
          `${file}: "${name}" asks for ${meaning}, which Attune does not run. Use a scheduler_config.json without it.`,
          where(name),
        );
      }
    },
  };
}

/** Steps a user may ask for: a whole number in 1..most. */
export function checkSteps(steps: number, most: number): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new AttuneError(
      'request-invalid',
      `The number of steps must be a whole number from 1 to ${most}, not ${steps}.`,
      {
        field: 'steps',
      },
    );
  }
}
