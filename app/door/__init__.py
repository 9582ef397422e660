"""The door: which requests reach the dashboard at all. It stands in front of Streamlit, so that
without a login there is no page, no WebSocket, no upload and no file.
"""
