import type { MenuItemConstructorOptions } from 'electron';

/** macOS has its menu at the top of the screen and takes copy and paste from it; elsewhere the editor needs none. */
export function menuFor(platform: NodeJS.Platform): MenuItemConstructorOptions[] | null {
  if (platform !== 'darwin') return null;
  return [{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }];
}
