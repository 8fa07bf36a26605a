// A page that was opened as a file may start no worker, and the search is one: it runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.onmessage = null;
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inner = this.frame.contentWindow;
      addEventListener("message", (event) => {
        if (event.source !== inner) return;
        const told = new MessageEvent("message", { data: structuredClone(event.data) });
        setTimeout(() => {
          this.dispatchEvent(told);
          if (this.onmessage) this.onmessage(told);
        });
      });
      this.ready = new Promise((resolve) => {
        inner.document.open(); // takes listeners away, so ours comes after it
        inner.addEventListener("load", resolve);
        inner.document.write(
          "<!doctype html><script>" +
            "postMessage = (data) => parent.dispatchEvent(" +
            "new MessageEvent('message', { data, source: window }));" +
            `<\/script><script src="${url}"><\/script>`
        );
        inner.document.close();
      });
    }
    postMessage(data) {
      const told = new MessageEvent("message", { data: structuredClone(data) });
      // Later, as from a worker: whoever typed has drawn what was typed by then.
      this.ready.then(() => setTimeout(() => this.frame.contentWindow.dispatchEvent(told)));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
