// What clients of type `plugin-name` may do: look, stop, and move a mount that is not on its way.

import type * as contract from 'slewgate:plugin/policy@0.1.0';
import type * as known from 'slewgate:plugin/situation@0.1.0';

const allow: contract.Decision = { tag: 'allow' };
/** The reason is what the client reads. */
const deny = (why: string): contract.Decision => ({ tag: 'deny', val: why });

/** The policy; `situation` tells what is known of the moment. */
export function visitor(situation: Pick<typeof known, 'observed'>): typeof contract {
  const authorizeMove = () => {
    switch (situation.observed()?.observation.moving) {
      case 'still':
      case 'tracking':
        return allow;
      case 'moving':
        return deny('the mount is on its way; wait until it stands');
      default:
        // What nobody has seen may be on its way.
        return deny('it is not known whether the mount stands');
    }
  };

  return {
    // It has no settings.
    configure() {},

    authorize(_client, { effect }) {
      switch (effect) {
        case 'observe':
        case 'stop':
          return allow;
        case 'move':
          return authorizeMove();
        default:
          return deny('a visitor may look and move');
      }
    },
  };
}
