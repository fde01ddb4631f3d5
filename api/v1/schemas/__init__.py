"""The wire: what comes in (`…In`, `…Query`) and what goes out (`…Out`), each with an example."""
