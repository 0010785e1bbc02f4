import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { MethodDescription } from '../../../contract/index.ts';
import { methodIn } from '../i18n/methods.ts';
import { useSession } from './session.ts';

/** The methods as the service told them, with their texts in the language of the interface. */
export function useMethods(): readonly MethodDescription[] {
  const { i18n } = useTranslation();
  const methods = useSession((session) => session.methods);
  return useMemo(() => methods.map((method) => methodIn(i18n.language, method)), [methods, i18n.language]);
}
