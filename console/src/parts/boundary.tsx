import { Component, type ComponentChildren } from 'preact';
import { Note } from './notes.tsx';

interface Props {
  readonly children: ComponentChildren;
}

/** A view that cannot be drawn says so, and takes nothing else of the page with it. */
export class Boundary extends Component<Props, { readonly isBroken: boolean }> {
  override state = { isBroken: false };

  override componentDidCatch(error: unknown): void {
    this.setState({ isBroken: true });
    reportError(error);
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <Note tone="danger" title="This view could not be drawn" isNews>
        <p>
          The service may be of another version than this page. Load the page again; the API and the command line are
          not concerned.
        </p>
      </Note>
    );
  }
}
