"""Starts the OmniActor page: `python app.py`, then open http://127.0.0.1:7860.

GRADIO_SERVER_NAME and GRADIO_SERVER_PORT choose another address. A Hugging Face Space runs this file as it is.
"""

import os

if __name__ == "__main__":  # simulator processes import this file again and must not start a page
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from omniactor.sim import libero_package

    libero_package.install()
    from demo.launch import main

    main()
