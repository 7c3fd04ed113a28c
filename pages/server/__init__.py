"""What the server answers before Streamlit sees it."""
