import { State } from '../parts/badge.js';
import { Picture } from '../parts/picture.js';
import { Component } from '../preact.js';
import { hrefOf } from '../route.js';
import { isSameTile, type TileFacts } from './tile-facts.js';

/** One stream of the overview. It is drawn again only when one of its words has changed. */
export class Tile extends Component<{ facts: TileFacts }> {
  override shouldComponentUpdate({ facts }: { facts: TileFacts }): boolean {
    return !isSameTile(facts, this.props.facts);
  }

  override render() {
    const { facts } = this.props;
    const { streamId, app, name, state, codec, media, age, trouble } = facts;
    return (
      <li class="tile" data-stream={`${app}/${name}`}>
        <Picture streamId={streamId} codec={codec} words={media === '' ? 'Waiting for media' : 'Sound only'} />
        <div class="over">
          <State state={state} />
          <span class="age">
            <span class="unseen">Live for </span>
            {age}
          </span>
        </div>
        <div class="body">
          <a href={hrefOf('streams', streamId)}>
            <span class="app">{app}/</span>
            {name}
          </a>
          <p class="quiet media">{media}</p>
          <Measured facts={facts} />
          {trouble === '' ? null : <p class="warn">{trouble}</p>}
        </div>
      </li>
    );
  }
}

function Measured({ facts: { rateIn, rateOut, players, delay } }: { facts: TileFacts }) {
  return (
    <dl class="measured">
      <Fact name="In" value={rateIn} />
      <Fact name="Out" value={rateOut} />
      <Fact name="Players" value={players} />
      <Fact name="Delay" value={delay} />
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
