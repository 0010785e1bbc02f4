import { useEffect, useSyncExternalStore } from 'react';
import { useSession } from '../state/session.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** The colours in force: what was set, or what the system has. */
export function useTheme(): 'light' | 'dark' {
  const chosen = useSession(({ settings }) => settings?.theme ?? 'system');
  const isDark = useSyncExternalStore(
    (changed) => {
      dark.addEventListener('change', changed);
      return () => dark.removeEventListener('change', changed);
    },
    () => dark.matches,
  );
  return chosen === 'system' ? (isDark ? 'dark' : 'light') : chosen;
}

/** Puts the colours in force on the page. */
export function useThemeOnPage(): void {
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
}
