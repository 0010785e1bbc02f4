import { openSample } from './actions/open.ts';
import type { Carrier } from './carrier/carrier.ts';
import { speak, startTexts } from './i18n/index.ts';
import { greeting, stayConnected } from './state/connection.ts';
import { flush, restore } from './state/editor.ts';
import { startMask } from './state/mask.ts';
import { startRegion } from './state/region.ts';
import { showIfMine } from './state/runs.ts';
import { useSession } from './state/session.ts';
import { showVideoIfMine } from './state/video.ts';

/** Joins the parts and connects; what was open last is there again, or the sample. */
export async function start(carrier: Carrier): Promise<void> {
  await startTexts();
  useSession.subscribe(({ settings }) => settings !== null && void speak(settings.language));
  startMask();
  startRegion();
  let isRestored = false;
  const showMine = () => {
    if (!isRestored) return;
    // The newest last, so that it is the one that stays.
    for (const entry of useSession.getState().history.toReversed())
      if (entry.result.frames === undefined) showIfMine(entry);
      else showVideoIfMine(entry);
  };
  useSession.subscribe(({ history }, before) => {
    if (history !== before.history) showMine();
  });
  void stayConnected(carrier, async (isFirst) => {
    if (!isFirst) return flush();
    const sample = greeting()?.sample;
    if (!(await restore()) && sample !== undefined) openSample(sample);
    isRestored = true;
    showMine();
    performance.mark('attune:usable');
  });
}
