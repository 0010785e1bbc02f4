import { listSupportedBackends } from './onnxruntime.ts';

/** What can execute a graph on this machine, as far as the installed runtime knows. */
export interface ProviderInfo {
  readonly name: string;
  /** Its code is part of the package; otherwise libraries have to be installed first. */
  readonly bundled: boolean;
  /** Attune can use it. */
  readonly usable: boolean;
}

/** The one provider there is code for; others come with a self-test, since a wrong kernel gives wrong pictures without an error. */
const USABLE_PROVIDERS: readonly string[] = ['cpu'];

export function listProviders(): readonly ProviderInfo[] {
  return listSupportedBackends().map(({ name, bundled }) => ({
    name,
    bundled,
    usable: USABLE_PROVIDERS.includes(name),
  }));
}
